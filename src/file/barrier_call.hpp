// A call that makes one request of its own once everything before it on its file is done.
#pragma once

#include <mutex>

#include "file/file_call.hpp"

namespace ringfiles::detail {

template <class T>
class barrier_call : public file_call<T> {
 public:
  using file_call<T>::file_call;

 protected:
  enum class phase { before, requested, after };

  /// Buffered bytes are with the kernel and nothing but read-ahead is in flight; `done` with the
  /// failure that a delayed write met.
  progress settle_file() {
    switch (this->file_.drain()) {
      case drain_result::waiting:
        return progress::waiting;
      case drain_result::failed:
        return this->fail(this->file_.take_drain_error());
      case drain_result::idle:
        break;
    }
    this->file_.writer().release();
    return this->file_.quiet() ? progress::detached : progress::waiting;
  }

  /// Makes the request: at once where that cannot wait, else in the background.
  progress request(opcode code) {
    this->file_.address(wanted_, code);
    if (this->core_->allows_inline()) {
      wanted_.result = this->core_->try_inline(wanted_);
      if (wanted_.result != backend::would_wait) {
        phase_ = phase::after;
        return progress::detached;
      }
    }
    if (!this->begun_) return progress::waiting;
    phase_ = phase::requested;
    this->running_ = true;
    wanted_.owner = this;
    wanted_.ended = ended;
    this->add_reference();  // the request's
    this->file_.request_started();
    this->file_.submit(wanted_);
    return progress::waiting;
  }

  void before_waiting() override { this->file_.barrier_entered(); }
  void left_queue(progress how) noexcept override {
    this->file_.barrier_left();
    file_call<T>::left_queue(how);
  }
  void undo() noexcept override {
    if (this->begun_) this->file_.barrier_left();
  }
  void parked() noexcept override { this->core_->park(wanted_); }

  backend::request wanted_;
  phase phase_ = phase::before;

 private:
  static void ended(backend::request& request) noexcept {
    auto& self = *static_cast<barrier_call*>(request.owner);
    {
      std::lock_guard lock(self.file_.mutex());
      self.phase_ = phase::after;
      self.running_ = false;
      self.file_.request_ended();
    }
    self.drop_reference();
  }
};

}  // namespace ringfiles::detail
