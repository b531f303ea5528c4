// The parts of a vectored request that are still to be moved, within the kernel's limits.
#pragma once

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "backend/request.hpp"

namespace ringfiles::backend {

/// The kernel moves at most this many bytes per call (MAX_RW_COUNT, read(2)).
inline constexpr std::size_t max_transfer_bytes = 0x7ffff000;
/// Parts handed to the kernel at once; the rest follows as after a short transfer. Small, because
/// a window stands on the stack; IOV_MAX (1024) is the kernel's bound.
inline constexpr std::size_t max_inline_parts = 16;
static_assert(max_inline_parts <= IOV_MAX);

struct part_window {
  const iovec* parts = nullptr;
  int count = 0;
  std::size_t bytes = 0;
};

/// The next parts to move after `wanted.moved` bytes; `storage` holds adjusted copies.
inline part_window remaining_parts(const request& wanted,
                                   std::array<iovec, max_inline_parts>& storage) noexcept {
  std::size_t skip = wanted.moved;
  if (skip == 0 && wanted.part_count == 1 && wanted.size <= max_transfer_bytes)
    return {wanted.parts, 1, wanted.size};
  part_window window{storage.data(), 0, 0};
  for (std::size_t i = 0;
       i < wanted.part_count && window.count < static_cast<int>(max_inline_parts); ++i) {
    const iovec& part = wanted.parts[i];
    if (skip >= part.iov_len) {
      skip -= part.iov_len;
      continue;
    }
    const std::size_t bytes = std::min(part.iov_len - skip, max_transfer_bytes - window.bytes);
    if (bytes == 0) break;
    storage[static_cast<std::size_t>(window.count++)] = {static_cast<char*>(part.iov_base) + skip,
                                                         bytes};
    window.bytes += bytes;
    skip = 0;
  }
  return window;
}

/// What one transfer's answer means for the request: moved on, finished, or failed.
/// True: it has ended and `result` is set. False: issue it again for the rest.
inline bool account_transfer(request& wanted, std::int64_t answer) noexcept {
  // Also when bytes had moved before: who asked for all takes a short answer for the end.
  if (answer < 0) return wanted.result = answer, true;
  // No file system should answer so (write(2)); taken for success, the rest would be lost.
  if (answer == 0 && wanted.code == opcode::write && wanted.moved < wanted.size)
    return wanted.result = -EIO, true;
  wanted.moved += static_cast<std::size_t>(answer);
  wanted.result = static_cast<std::int64_t>(wanted.moved);
  const bool end_of_file = answer == 0;
  return end_of_file || !wanted.whole || wanted.moved >= wanted.size;
}

}  // namespace ringfiles::backend
