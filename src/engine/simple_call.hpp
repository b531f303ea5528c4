// A call that belongs to no open file: open, jobs, sleeps. The engine's turn guards it.
//
// SAFETY: in a concurrent engine a call may be started on one thread while a turn runs on another,
// so its outcome is guarded by a lock of its own.
#pragma once

#include <memory>
#include <mutex>

#include "engine/engine_core.hpp"

namespace ringfiles::detail {

template <class T>
class simple_call : public call<T> {
 public:
  bool try_now() override { return ends_without_engine(); }
  void bind(engine_core& core) override {
    call<T>::bind(core);
    kept_core_ = core.shared_from_this();
  }

 protected:
  std::string path() const override { return {}; }

  /// True: its engine has ended, and so has the call.
  bool ends_without_engine() noexcept {
    if (!this->core_->is_shut_down()) return false;
    this->failure_ = errc::engine_ended;
    return this->settled_ = true;
  }

  void withdraw(std::error_code why) noexcept override {
    std::lock_guard lock(outcome_mutex_);
    if (this->settled_) return;
    on_withdrawn();
    this->failure_ = why;
    this->settle();
  }
  /// REQUIRES: outcome_mutex_ held.
  virtual void on_withdrawn() noexcept {}

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

 private:
  std::shared_ptr<engine_core> kept_core_;  ///< the awaiter may outlive the engine
};

}  // namespace ringfiles::detail
