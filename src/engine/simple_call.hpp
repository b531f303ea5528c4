// A call that belongs to no open file: open, jobs, sleeps. The engine's turn guards it.
//
// SAFETY: in a concurrent engine a call may be started on one thread while a turn runs on another,
// so its outcome is guarded by a lock of its own.
#pragma once

#include <mutex>

#include "engine/engine_core.hpp"

namespace ringfiles::detail {

template <class T>
class simple_call : public call<T> {
 public:
  bool try_now() override { return false; }

 protected:
  std::string path() const override { return {}; }

  void withdraw(std::error_code why) noexcept override {
    std::lock_guard lock(outcome_mutex_);
    if (this->settled_) return;
    on_withdrawn(why);
    this->failure_ = why;
    this->settle();
  }
  /// REQUIRES: outcome_mutex_ held. May change what the caller is told.
  virtual void on_withdrawn(std::error_code&) noexcept {}

  /// Fixes the outcome unless it is fixed: `set` stores the value or the failure. False: too late.
  template <class Set>
  bool finish(Set set) noexcept {
    std::lock_guard lock(outcome_mutex_);
    if (this->settled_) return false;
    set();
    this->settle();
    return true;
  }

  std::mutex outcome_mutex_;
};

}  // namespace ringfiles::detail
