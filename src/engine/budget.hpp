// The yield budget: how much may be served inline before a coroutine must let its neighbours run.
//
// A coroutine that only ever hits the cache would hold its loop for ever. So inline work is charged
// by an estimate of its cost, and once a turn's budget is spent the next call waits for the next
// turn of its engine, however much is in memory. The clock is read now and then, to notice callers
// that compute a lot between calls: on each sixteenth charge, since reading it costs as much as a
// line, and more often while charges are far apart.
//
// SAFETY: a budget belongs to one thread (there is one per thread); turns are told apart by number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "sys/calls.hpp"

namespace ringfiles::engine_floor {

/// Inline work of one turn (design, promise 1).
inline constexpr std::int64_t budget_ns = 250'000;
/// Wall time of one turn after which the next check spends the rest: other code's share included.
inline constexpr std::int64_t turn_limit_ns = 1'000'000;
/// Whoever is resumed asks for more at once, as a rule: with more of them in a turn, its budget is
/// spent before the last have asked, and these wait once more.
inline constexpr std::size_t most_ended_in_a_turn = 64;
/// A request larger than this never copies on the loop's thread.
inline constexpr std::size_t max_inline_bytes = 256 * 1024;

// Costs, measured on 2 virtual CPUs with Linux 6.18 and rounded up.
inline constexpr std::int64_t buffer_cost_ns = 40;   ///< a line or small read from the buffer
inline constexpr std::int64_t call_cost_ns = 300;    ///< a system call that hits
inline constexpr std::int64_t miss_cost_ns = 8'000;  ///< RWF_NOWAIT that misses
inline constexpr std::int64_t open_cost_ns = 2'000;  ///< open_inline
inline constexpr std::size_t bytes_per_ns = 8;       ///< copying

/// A copy of less costs nothing worth counting.
inline constexpr std::size_t small_copy_bytes = 1024;

inline std::int64_t copy_cost_ns(std::size_t bytes) noexcept {
  return static_cast<std::int64_t>(bytes / bytes_per_ns);
}

class budget {
 public:
  /// True while inline work is allowed in turn `turn` of engine `owner`.
  bool allows(const void* owner, std::uint64_t turn) noexcept {
    if (turn != turn_ || owner != owner_) renew(owner, turn);
    return left_ns_ > 0;
  }

  /// Half of it is left: whoever goes on now has something for what comes next.
  bool allows_more(const void* owner, std::uint64_t turn) noexcept {
    return allows(owner, turn) && left_ns_ > budget_ns / 2;
  }

  void charge(std::int64_t cost_ns) noexcept {
    left_ns_ -= cost_ns;
    if (--until_look_ == 0) look_at_clock();
  }

  void look_at_clock() noexcept {
    const std::int64_t now = sys::now_ns();
    const std::int64_t before = std::exchange(looked_ns_, now);
    if (started_ns_ == 0) {
      started_ns_ = now;  // how far apart charges are is known from the turn before
    } else {
      if (now - started_ns_ > turn_limit_ns) left_ns_ = 0;
      const bool far_apart = now - before > look_interval_ns;
      between_looks_ = far_apart ? std::max(between_looks_ / 4, 1U) : most_between_looks;
    }
    until_look_ = between_looks_;
  }

 private:
  static constexpr unsigned most_between_looks = 16;
  static constexpr std::int64_t look_interval_ns = turn_limit_ns / 8;

  void renew(const void* owner, std::uint64_t turn) noexcept {
    owner_ = owner;
    turn_ = turn;
    left_ns_ = budget_ns;
    until_look_ = between_looks_;
    started_ns_ = 0;
  }

  const void* owner_ = nullptr;
  std::uint64_t turn_ = 0;
  std::int64_t left_ns_ = 0;
  std::int64_t started_ns_ = 0;  ///< when the clock was first read in this turn
  std::int64_t looked_ns_ = 0;
  unsigned between_looks_ = most_between_looks;
  unsigned until_look_ = most_between_looks;
};

inline thread_local constinit budget thread_budget;

}  // namespace ringfiles::engine_floor
