// A call on an open file that takes its turn in the file's queue.
#pragma once

#include <mutex>
#include <new>
#include <utility>

#include "file/file_state.hpp"

namespace ringfiles::detail {

template <class T>
class file_call : public call<T>, public queued_call {
 public:
  explicit file_call(file_state& file) noexcept : file_(file) {
    file_.add_reference();
    this->core_ = &file.core();
  }
  ~file_call() override { file_.drop_reference(); }
  bool is_on(const file_state& file) const noexcept { return &file_ == &file; }

  bool try_now() override {
    if (this->core_->is_shut_down()) return end_without_engine();
    this->core_->check_fork();  // takes locks of files
    std::lock_guard lock(file_.mutex());
    if (file_.has_queue() || !this->core_->allows_inline()) return false;
    if (attempt_or_fail() != progress::done) return false;
    // Whatever the call was: a coroutine that never waits must meet the end of its budget.
    this->core_->charge(engine_floor::buffer_cost_ns);
    this->settled_ = true;
    return true;
  }

 protected:
  std::string path() const override { return file_.about().path; }

  void begin() override {
    std::lock_guard lock(file_.mutex());
    // Its deadline came first, in a turn on another thread.
    if (this->settled_ && !running_) return;
    begun_ = true;
    try {
      before_waiting();
    } catch (const std::bad_alloc&) {
      run_out_of_memory();
      return this->settle();
    }
    this->add_reference();  // the queue's
    file_.enqueue(*this);
    file_.advance();
  }
  /// The last moment in which memory of the caller may be read.
  virtual void before_waiting() {}

  void withdraw(std::error_code why) noexcept override {
    std::lock_guard lock(file_.mutex());
    if (this->settled_) {
      if (this->abandoned_ && !this->failure_) undelivered();
      return;
    }
    this->failure_ = why;
    this->settle();
    // What has begun keeps its place in the queue until it has ended: order stays order.
    if (running_) return parked();
    // What it has asked did this, and looks into the buffers still: it says `done` after that.
    if (file_.is_trying(*this)) return;
    undo();
    if (file_.dequeue(*this)) {
      file_.advance();
      this->drop_reference();
    }
  }
  /// Withdrawn while its own request is in flight.
  virtual void parked() noexcept {}
  /// Withdrawn before it succeeded.
  virtual void undo() noexcept { give_back(); }
  /// It does not succeed: what it had gathered is for the next call.
  virtual void give_back() noexcept {}
  /// Succeeded, and then its caller was destroyed before it was told.
  virtual void undelivered() noexcept {}

  /// What does not fit into memory is the failure of this call, and not the end of the program.
  progress attempt_or_fail() {
    try {
      return attempt();
    } catch (const std::bad_alloc&) {
      return run_out_of_memory();
    }
  }
  progress run_out_of_memory() noexcept override {
    give_back();
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }

  void left_queue(progress how) noexcept override {
    if (how == progress::done && !this->settled_) this->settle();
    this->drop_reference();
  }

  template <class... Values>
  progress succeed(Values&&... values) {
    if (!this->settled_) this->value_.emplace(std::forward<Values>(values)...);
    return progress::done;
  }
  progress fail(failure_code code) noexcept {
    if (!this->settled_) this->failure_ = code;
    return progress::done;
  }

  /// `done` with a failure if the file is closed, or closing by an earlier call.
  bool refused() noexcept {
    if (file_.is_open() && !file_.closing()) return false;
    fail(errc::closed);
    return true;
  }

  /// No turn will come.
  bool end_without_engine() noexcept {
    std::lock_guard lock(file_.mutex());
    serve_without_engine();
    return this->settled_ = true;
  }
  virtual void serve_without_engine() noexcept {
    if (!refused()) fail(errc::engine_ended);
  }

  /// Instead of ending: is made anew by the next call of its kind, on this thread and this file.
  void retire_as(spare kind) noexcept {
    if (!this->ended_at_once() || this->core_->is_shut_down()) return this->destroy();
    this->renew();
    this->value_.reset();
    if (call_base* other = this->core_->slot().exchange(kind, this)) other->destroy();
  }

  file_state& file_;
  bool begun_ = false;    ///< may start requests of its own, which need somebody to wait for them
  bool running_ = false;  ///< cannot be taken back: a request of its own is in flight, say
};

/// The call of this kind that ended last on this thread, if it was one on `file`; else null.
template <class Call>
Call* take_spare(file_state& file, spare kind) noexcept {
  thread_slot& slot = file.core().slot();
  auto* kept = static_cast<Call*>(slot.kept(kind));
  if (kept == nullptr || !kept->is_on(file)) return nullptr;
  slot.exchange(kind, nullptr);
  return kept;
}

}  // namespace ringfiles::detail
