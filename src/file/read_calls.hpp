// read, read_some, readinto, readline, next_lines, readlines, scan: what they share.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "file/file_call.hpp"
#include "file/text_window.hpp"

namespace ringfiles::detail {

/// Looks into the buffer, has it filled while it does not suffice, and looks again.
template <class T>
class read_call : public file_call<T> {
 public:
  using file_call<T>::file_call;

  progress attempt() final {
    if (this->running_) return progress::waiting;
    if (this->settled_) return give_back(), progress::done;  // withdrawn while it was running
    if (request_error_) return give_back(), this->fail(request_error_);
    if (this->refused()) return progress::done;
    if (!this->file_.about().mode.readable) return this->fail(errc::not_readable);
    switch (this->file_.prepare_to_read()) {
      case drain_result::waiting:
        return progress::waiting;
      case drain_result::failed:
        return this->fail(this->file_.take_drain_error());
      case drain_result::idle:
        break;
    }
    return look();
  }

 protected:
  enum class verdict { ended, more, elsewhere };
  /// Takes what it can use; `ended` once value or failure is set. `final`: nothing will follow, so
  /// it must end. `malformed`: what follows the window is not UTF-8. `elsewhere`: it waits for a
  /// request of its own, or, before begin(), would have to.
  virtual verdict take(std::string_view window, bool malformed, bool final) = 0;

  /// How many bytes it can use at most; 0: that shows only when they are there.
  virtual std::size_t usable() const noexcept { return 0; }

  /// Gets bytes by a way of its own; false: through the buffer, as everybody.
  virtual bool take_directly() { return false; }

  std::optional<std::uint64_t> error_position() const override {
    return malformed_ ? std::optional(malformed_->position) : std::nullopt;
  }
  std::string hint() const override { return malformed_ ? malformed_->words : std::string(); }

  verdict refuse_malformed() {
    malformed_ = std::make_unique<malformed_sequence>(malformed_at_front(this->file_));
    give_back();
    this->fail(this->file_.decoded() == nullptr ? errc::not_utf8 : errc::not_decodable);
    return verdict::ended;
  }

  /// Bytes leave the buffer for this call, which remembers how to give them back.
  void consume(std::size_t count) {
    if (!this->file_.seekable()) kept_.append(this->file_.readable().bytes().substr(0, count));
    if (decoded_text* text = this->file_.decoded()) {
      if (taken_ == 0) {
        started_ = this->file_.place();
        started_is_exact_ = false;
      }
      if (text->moves_raw(count)) exact_start();
    }
    taken_ += count;
    this->file_.consume(count);
    this->core_->charge_copy(count);
  }

  void retire_as(spare kind) noexcept {
    if (!this->file_.seekable()) return this->destroy();  // kept_ would stay
    taken_ = 0;
    from_buffer_ = true;
    file_call<T>::retire_as(kind);
  }

  // What is on its way may be old when somebody asks again.
  void undo() noexcept override {
    give_back();
    if (this->file_.is_unbuffered() && this->file_.seekable()) this->file_.forget_read_ahead();
  }

  /// Its own request has failed.
  void request_failed(failure_code code) noexcept { request_error_ = code; }

  /// Bytes that never were in the buffer.
  void note_taken(std::size_t count) noexcept { taken_ += count; }

  void give_back() noexcept override {
    if (taken_ == 0) return;
    if (!this->file_.seekable())
      this->file_.give_back(kept_);
    else if (this->file_.decoded() != nullptr)
      this->file_.go_to(exact_start());
    else
      this->file_.set_position(this->file_.position() - taken_);
    taken_ = 0;
  }

  // Nobody got the bytes, so they are there for the next read; unless somebody has gone on behind
  // them. A write that is under way has not moved the position yet.
  void undelivered() noexcept override {
    const bool is_last = !this->file_.writing() && this->file_.place() == ended_at_;
    if (this->file_.is_open() && is_last) give_back();
  }

 private:
  progress look() {
    for (bool final = false;;) {
      const text_window window = readable_window(this->file_, final);
      const verdict said = take(window.bytes, window.malformed, final);
      if (said == verdict::elsewhere) return progress::waiting;
      if (said == verdict::ended) {
        if (!from_buffer_)
          settle_rest(final);
        else if (taken_ > 0)
          this->core_->count(rung::buffer);
        if (this->begun_) ended_at_ = this->file_.place();
        return progress::done;
      }
      from_buffer_ = false;
      if (!final && take_directly()) continue;
      if (this->file_.is_unbuffered()) ask_for_no_more();
      if (this->file_.has_bounded_fills()) ask_for_a_buffer();
      switch (this->file_.fill()) {
        case fill_result::filled:
          break;
        case fill_result::at_end:
          final = true;
          break;
        case fill_result::waiting:
          return progress::waiting;
        case fill_result::failed:
          give_back();
          return this->fail(this->file_.take_fill_error());
      }
    }
  }

  // What is left of a pipe may be for another process; a file is read anew the next time.
  void ask_for_no_more() noexcept {
    const std::size_t most = usable();
    this->file_.limit_fills(most > 0 ? most : this->file_.seekable() ? all : 1);
  }
  void ask_for_a_buffer() noexcept {
    this->file_.limit_fills(std::max(usable(), this->file_.about().options.buffer_bytes));
  }
  /// Something was brought in, or the end was met.
  void settle_rest(bool final) {
    // Bytes at the end that make no text were read, too: what is written next goes behind them.
    if (final && this->file_.decoded() != nullptr) consume(0);
    if (this->file_.is_unbuffered() && this->file_.seekable()) this->file_.forget_read_ahead();
  }

  /// Once only, while all that began there is buffered: then it may still be within what a handler
  /// has made, of which exact() would take what is at the front now.
  const file_place& exact_start() noexcept {
    if (!std::exchange(started_is_exact_, true)) started_ = this->file_.exact(started_);
    return started_;
  }

  std::size_t taken_ = 0;
  file_place started_;  ///< of decoded text: where it was before anything was taken
  bool started_is_exact_ = false;
  file_place ended_at_;      ///< behind what was taken
  bool from_buffer_ = true;  ///< nothing had to be brought in
  std::string kept_;         ///< of a stream, which cannot be read again
  std::unique_ptr<malformed_sequence> malformed_;
  failure_code request_error_;
};

}  // namespace ringfiles::detail
