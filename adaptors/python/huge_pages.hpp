// Large results in huge pages.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace ringfiles::python {

/// From this size on, memory is asked for in huge pages (madvise(2)): filling it meets a
/// five-hundredth of the page faults, and giving it back, which happens on the loop's thread, does
/// not stall it.
inline constexpr std::size_t least_huge_bytes = 4 * 1024 * 1024;

inline void use_huge_pages(void* memory, std::size_t bytes) noexcept {
  constexpr std::uintptr_t page = 4096;
  if (bytes < least_huge_bytes) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + page - 1) & ~(page - 1);
  const std::uintptr_t end = (begin + bytes) & ~(page - 1);
  ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);  // advice only
}

}  // namespace ringfiles::python
