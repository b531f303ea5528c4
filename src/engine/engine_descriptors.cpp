// Opens that wait until a file of the same engine is closed.
#include <mutex>

#include "engine/engine_core.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {

// A pool thread may find no descriptor a moment before one is released, and tell of it only
// afterwards: that is why releases are counted. The lock keeps one from slipping in between the
// look at the count and the waiting.
engine_core::descriptor_wait engine_core::wait_for_descriptor(
    resumable& later, std::uint64_t seen_releases) noexcept {
  std::lock_guard lock(mutex_);
  if (releases() != seen_releases) return descriptor_wait::try_again;
  if (is_shut_down() || later.queued || descriptors_.load(std::memory_order_relaxed) == 0)
    return descriptor_wait::hopeless;
  later.queued = true;
  without_descriptor_.push(&later);
  return descriptor_wait::waits;
}

void engine_core::descriptor_released() noexcept {
  {
    std::lock_guard lock(mutex_);
    descriptors_.fetch_sub(1, std::memory_order_relaxed);
    releases_.fetch_add(1, std::memory_order_relaxed);
    if (without_descriptor_.empty()) return;
  }
  last_release_ns_.store(sys::now_ns(), std::memory_order_relaxed);
  pass_descriptor_on();
}

void engine_core::pass_descriptor_on() noexcept {
  std::lock_guard lock(mutex_);
  resumable* first = without_descriptor_.pop();
  if (first == nullptr) return;
  yielded_.push(first);
  wake();
}

}  // namespace ringfiles::detail
