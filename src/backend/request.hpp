// What a back end is asked to do: one request, in a block that outlives it.
//
// A request is embedded in an object that the engine counts (an open file, a call). It owns, or its
// owner owns, every byte that the kernel may touch until `ended` runs: a cancelled request is only
// unobserved, not over.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/intrusive_queue.hpp"
#include "ringfiles/memory.hpp"      // opcode
#include "ringfiles/statistics.hpp"  // rung
#include "sys/calls.hpp"             // file_facts

namespace ringfiles::backend {

struct device;

/// At the descriptor's own position: pipes, FIFOs, terminals. Never used on a seekable file, where
/// two operations in flight would read the same bytes.
inline constexpr std::uint64_t no_offset = static_cast<std::uint64_t>(-1);

/// A result below every -errno: in a forked child, of what the parent has in flight.
inline constexpr std::int64_t interrupted_by_fork = -100'000;

struct request {
  opcode code = opcode::job;
  /// Move everything that was asked for, unless the file ends; else one transfer is the answer.
  bool whole = true;
  std::atomic<bool> cancel_asked{false};  ///< set by the engine, read by pool threads
  std::atomic<bool> parked{false};        ///< its caller was already told that it is over
  std::atomic<bool> in_flight{false};
  rung served = rung::pool;
  int fd = -1;
  std::uint64_t offset = no_offset;
  const device* on = nullptr;  ///< null: not known yet

  // read, write
  const iovec* parts = nullptr;
  std::size_t part_count = 0;
  iovec single{};         ///< storage for the usual single part
  std::size_t size = 0;   ///< sum of the parts
  std::size_t moved = 0;  ///< bytes that earlier attempts of this request transferred

  // open; close knows facts and flags, too
  const char* path = nullptr;
  int flags = 0;  ///< an inline open leaves O_NONBLOCK set, and here
  mode_t permissions = 0;
  sys::file_facts* facts = nullptr;  ///< filled when the open succeeds

  // truncate: the size is `offset`. job: this runs on a pool thread.
  void (*run)(request&) noexcept = nullptr;

  /// >= 0: descriptor, bytes moved, or 0; below zero: -errno.
  std::int64_t result = 0;
  /// Runs in a turn of the engine (or, for inline service, not at all). Must not be null.
  void (*ended)(request&) noexcept = nullptr;
  void* owner = nullptr;  ///< whatever `ended` needs

  request* next = nullptr;       ///< link of whichever queue holds it
  request* live_next = nullptr;  ///< links of the engine's list of what is in flight
  request* live_previous = nullptr;
  void* lane = nullptr;  ///< the pool's
  /// A write that is followed by more: the disk may begin with it (sync_file_range(2)).
  bool start_writeback = false;
  /// What the same pool thread does next if this succeeds; the request itself: it has ended, and
  /// nothing can follow it any more.
  std::atomic<request*> followed_by{nullptr};

  void set_buffer(void* data, std::size_t bytes) noexcept {
    single = {data, bytes};
    parts = &single;
    part_count = 1;
    size = bytes;
    moved = 0;
  }
};

using request_queue = base::intrusive_queue<request, &request::next>;

}  // namespace ringfiles::backend
