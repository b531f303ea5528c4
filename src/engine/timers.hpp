// Moments at which something is to happen: deadlines, sleeps, looks at a FIFO.
//
// SAFETY: none of its own; the engine locks.
#pragma once

#include <cstdint>
#include <limits>
#include <map>

namespace ringfiles::engine_floor {

struct timer {
  /// Runs in a turn of the engine, after the timer was taken out.
  void (*expired)(void* owner) noexcept = nullptr;
  void* owner = nullptr;
  std::multimap<std::int64_t, timer*>::iterator place;
  bool pending = false;
};

class timers {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  void add(timer& added, std::int64_t at_ns) {
    added.place = entries_.emplace(at_ns, &added);
    added.pending = true;
  }
  /// False: it was not pending.
  bool remove(timer& removed) noexcept {
    if (!removed.pending) return false;
    entries_.erase(removed.place);
    removed.pending = false;
    return true;
  }
  std::int64_t earliest() const noexcept {
    return entries_.empty() ? never : entries_.begin()->first;
  }
  /// Takes out one timer that is due, or null.
  timer* take_due(std::int64_t now_ns) noexcept {
    if (earliest() > now_ns) return nullptr;
    timer* due = entries_.begin()->second;
    remove(*due);
    return due;
  }
  bool empty() const noexcept { return entries_.empty(); }

 private:
  std::multimap<std::int64_t, timer*> entries_;
};

}  // namespace ringfiles::engine_floor
