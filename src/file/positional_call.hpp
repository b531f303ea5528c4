// A call without a position: it passes the file's queue by, unless a barrier stands in it.
#pragma once

#include <limits>
#include <mutex>
#include <new>

#include "file/file_call.hpp"

namespace ringfiles::detail {

/// A large transfer goes piece by piece: a piece is copied to the caller on the loop's thread
/// (128 KiB: some 15 µs, so that 64 that end together take a millisecond), and a cancel takes
/// effect between pieces.
inline constexpr std::size_t positional_piece_bytes = 128 * 1024;

/// Farther than off_t reaches: as a negative number it would mean the kernel's own position.
constexpr bool beyond_offsets(std::uint64_t offset) noexcept {
  return offset > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

template <class T>
class positional_call : public file_call<T> {
 public:
  using file_call<T>::file_call;

  bool try_now() final {
    if (this->core_->is_shut_down()) return this->end_without_engine();
    this->core_->check_fork();
    std::lock_guard lock(this->file_.mutex());
    if (!impossible()) {
      if (this->file_.has_barrier() || !this->core_->allows_inline()) return false;
      if (serve_inline_or_fail() != progress::done) return false;
    }
    this->core_->charge(engine_floor::buffer_cost_ns);
    this->settled_ = true;
    return true;
  }

  progress attempt() final {
    if (this->running_) return progress::waiting;
    if (started_ || impossible()) return progress::done;
    if (in_order() && !this->file_.quiet()) return progress::waiting;
    start();
    return in_order() && this->running_ ? progress::waiting : progress::detached;
  }

 protected:
  /// True with the failure set when the call can not be made at all.
  virtual bool impossible() noexcept = 0;
  /// One of several that must not overlap: appends.
  virtual bool in_order() const noexcept { return false; }
  /// `done`: served whole without waiting. What was moved so far stays counted.
  virtual progress serve_inline() = 0;
  /// Points `wanted_` at the next piece, in memory of this call.
  virtual void prepare_piece() = 0;
  /// A piece has ended. True: it was the last, and the outcome is set.
  virtual bool piece_ended() = 0;
  /// The same of a call whose caller was told "cancelled".
  virtual void ended_unobserved() noexcept {}

  void begin() override {
    std::lock_guard lock(this->file_.mutex());
    if (this->settled_) return;
    this->begun_ = true;
    try {
      this->before_waiting();
    } catch (const std::bad_alloc&) {
      this->run_out_of_memory();
      return this->settle();
    }
    if (!this->file_.has_barrier() && !in_order()) return start();
    this->add_reference();  // the queue's
    this->file_.enqueue(*this);
    this->file_.advance();
  }

  void parked() noexcept override {
    this->core_->park(wanted_);
    this->core_->cancel(wanted_);
  }

  backend::request wanted_;

 private:
  progress serve_inline_or_fail() {
    try {
      return serve_inline();
    } catch (const std::bad_alloc&) {
      return this->run_out_of_memory();
    }
  }

  void start() {
    started_ = true;
    this->running_ = true;
    this->add_reference();  // the request's
    this->file_.request_started();
    if (submit_piece()) return;
    finish();
    this->drop_reference();
  }

  /// False: there is no memory for it, and the call has failed.
  bool submit_piece() {
    try {
      prepare_piece();
    } catch (const std::bad_alloc&) {
      this->run_out_of_memory();
      return false;
    }
    wanted_.owner = this;
    wanted_.ended = ended;
    this->file_.submit(wanted_);
    return true;
  }

  void finish() noexcept {
    this->running_ = false;
    if (!this->settled_) this->settle();
    this->file_.request_ended();
  }

  static void ended(backend::request& request) noexcept {
    auto& self = *static_cast<positional_call*>(request.owner);
    {
      std::lock_guard lock(self.file_.mutex());
      // Withdrawn: the caller's memory is not ours any more, and nobody waits for the rest.
      if (self.settled_)
        self.ended_unobserved();
      else if (!self.piece_ended() && self.submit_piece())
        return;
      self.finish();
    }
    self.drop_reference();
  }

  bool started_ = false;
};

}  // namespace ringfiles::detail
