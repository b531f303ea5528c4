// What an engine keeps for each thread that calls it, so that threads do not meet at every call:
// counters with one writer, and ended calls that the next ones are made of.
//
// SAFETY: a slot belongs to its thread. Anybody may read the counters. The spares of a slot are
// touched by others only when the thread has ended, or by the engine as it shuts down.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringfiles/detail/call.hpp"
#include "ringfiles/statistics.hpp"

namespace ringfiles::detail {

/// A kind of call of which one is kept for the next time. A kept call keeps its reference to its
/// file: making a call anew costs two locked instructions and a hundred stores, and programs read
/// one file many times.
enum class spare : std::size_t { line, bytes_at, string_at };
inline constexpr std::size_t spare_count = 3;

class thread_slot {
 public:
  /// `keeps` ended calls, or counts only.
  explicit thread_slot(bool keeps) noexcept : keeps_(keeps) {}
  ~thread_slot() { drop_spares(); }
  thread_slot(const thread_slot&) = delete;

  // One writer: a locked instruction would cost more than the line that it counts.
  void count(rung by, std::uint64_t calls = 1) noexcept {
    auto& counter = served_[static_cast<std::size_t>(by)];
    counter.store(counter.load(std::memory_order_relaxed) + calls, std::memory_order_relaxed);
  }
  std::uint64_t served(std::size_t by) const noexcept {
    return served_[by].load(std::memory_order_relaxed);
  }

  call_base* kept(spare kind) const noexcept { return spares_[static_cast<std::size_t>(kind)]; }
  /// Keeps `call`, or nothing, and gives back what is not kept any more.
  call_base* exchange(spare kind, call_base* call) noexcept {
    if (!keeps_) return call;
    return std::exchange(spares_[static_cast<std::size_t>(kind)], call);
  }
  void drop_spares() noexcept {
    for (call_base*& kept : spares_)
      if (call_base* call = std::exchange(kept, nullptr)) call->destroy();
  }

  std::atomic<bool> abandoned{false};  ///< its thread has ended: another one may have it

 private:
  std::array<std::atomic<std::uint64_t>, rung_count> served_{};
  std::array<call_base*, spare_count> spares_{};
  const bool keeps_;
};

}  // namespace ringfiles::detail
