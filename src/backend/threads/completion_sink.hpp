// Where pool threads leave ended requests for the engine: one wake-up per batch.
//
// Shared between the engine and the threads, so a thread that comes back after its engine is gone
// still finds somewhere to put its request.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "backend/backend.hpp"
#include "backend/request.hpp"

namespace ringfiles::backend {

class completion_sink {
 public:
  explicit completion_sink(std::shared_ptr<wake_up> wake) noexcept : wake_(std::move(wake)) {}

  void push(request& ended) noexcept {
    bool first = false;
    {
      std::lock_guard lock(mutex_);
      first = queue_.empty();
      queue_.push(&ended);
      filled_.store(true, std::memory_order_release);
    }
    // Whoever makes the queue non-empty wakes the engine; the others ride along.
    if (first) wake_->signal();
  }

  void take(request_queue& into) noexcept {
    if (!filled_.load(std::memory_order_acquire)) return;
    std::lock_guard lock(mutex_);
    into.append(std::move(queue_));
    filled_.store(false, std::memory_order_relaxed);
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> filled_{false};  ///< spares the lock on turns without completions
  request_queue queue_;
  std::shared_ptr<wake_up> wake_;
};

}  // namespace ringfiles::backend
