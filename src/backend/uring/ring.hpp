// One io_uring: set up, probed, and torn down with care.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>

namespace ringfiles::backend {

class ring {
 public:
  /// L15 of the peers: 16384 entries (Asio) cost half a millisecond to set up, 256 cost 20 µs; the
  /// queue is emptied each turn, so more would not be used.
  static constexpr unsigned entries = 256;
  static constexpr unsigned least_entries = 16;
  /// Kernel workers per ring, for files and for the rest. Unbounded, one ring starts thousands
  /// (liburing #349); our own pool holds what waits for long.
  static constexpr unsigned max_workers = 8;

  ring() = default;
  ~ring();
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  /// Sets the ring up; 0 or -errno, with the name of the failing step for the report.
  /// `eventfd` below zero: none is registered. `confined`: one thread submits, so completions need
  /// not interrupt it (COOP_TASKRUN, Linux 5.19; left out where unknown).
  int open(int eventfd, bool confined, const char*& step) noexcept;
  bool is_open() const noexcept { return open_; }
  io_uring& raw() noexcept { return ring_; }

  /// Runs completion work that waits for us to enter the kernel.
  void collect() noexcept;
  /// Closing does not end what the kernel already has, so a ring with work in flight is kept.
  static void keep_for_ever(std::unique_ptr<ring> kept) noexcept;

 private:
  io_uring ring_{};
  bool open_ = false;
  ring* next_kept_ = nullptr;
};

/// Sends one real operation through a ring set up exactly as later: reading a descriptor that is
/// known to have bytes. 0, or -errno and the name of the step. Sandboxes that accept the set-up and
/// refuse the rest are found here.
int probe_ring(const char*& step) noexcept;

}  // namespace ringfiles::backend
