// A mutex that only a concurrent engine pays for.
#pragma once

#include <mutex>

namespace ringfiles::base {

class optional_mutex {
 public:
  explicit optional_mutex(bool enabled) noexcept : enabled_(enabled) {}
  void lock() {
    if (enabled_) mutex_.lock();
  }
  void unlock() {
    if (enabled_) mutex_.unlock();
  }

 private:
  std::mutex mutex_;
  const bool enabled_;
};

}  // namespace ringfiles::base
