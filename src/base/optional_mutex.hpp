// A lock that costs nothing where one thread is promised, and little where it is free.
//
// std::mutex is two calls into libc: inlined, the lock makes a line under Asio 4 ns cheaper of 52.
// It is the second one of U. Drepper, "Futexes Are Tricky" (2011): free, held, or held while
// somebody waits.
#pragma once

#include <atomic>

namespace ringfiles::base {

class optional_mutex {
 public:
  explicit optional_mutex(bool enabled) noexcept : enabled_(enabled) {}
  optional_mutex(const optional_mutex&) = delete;

  void lock() noexcept {
    if (!enabled_) return;
    int was = free;
    if (!state_.compare_exchange_strong(was, held, std::memory_order_acquire,
                                        std::memory_order_relaxed))
      wait_for_it();
  }
  // Whoever is woken may let the object go before this returns; notify_one() uses the address only.
  void unlock() noexcept {
    if (enabled_ && state_.exchange(free, std::memory_order_release) == awaited)
      state_.notify_one();
  }

 private:
  enum : int { free, held, awaited };

  /// Leaves it `awaited`, since others may still wait: one wake-up too many, at worst.
  void wait_for_it() noexcept {
    while (state_.exchange(awaited, std::memory_order_acquire) != free)
      state_.wait(awaited, std::memory_order_relaxed);
  }

  std::atomic<int> state_{free};
  const bool enabled_;
};

}  // namespace ringfiles::base
