// An asynchronous call that has not started yet: what every asynchronous function here returns.
//
//   auto text = co_await file.read();                            // any C++20 coroutine
//   auto text = co_await file.read().within(2s);                 // with a deadline
//   auto text = co_await file.read().stopped_by(token);          // with a std::stop_token
//   file.read()(boost::asio::use_future);       // any completion token: <ringfiles/asio.hpp>
//
// Nothing happens until the operation is awaited or called with a token. What is already in memory
// (a buffered byte, a cached page) is delivered at once, without suspension, until the engine's
// inline budget for this turn is spent; then the coroutine yields to its neighbours.
//
// Where the coroutine resumes: inside run_completions() of the engine, on the loop's thread.
// Cancellation and deadline: the caller gets control back in the next turn with
// std::errc::operation_canceled or std::errc::timed_out. What the kernel has begun may still
// happen, but never touches memory of the caller. Reads consume nothing when they are cancelled.
//
// ERRORS: ringfiles::error, at the co_await.
// SAFETY: one operation is one call; await it once, as an rvalue. A coroutine that waits may be
// destroyed, which cancels the operation: on the thread of the turns, or while none is taken.
#pragma once

#include <chrono>
#include <coroutine>
#include <memory>
#include <stop_token>
#include <utility>

#include "ringfiles/detail/call.hpp"

namespace ringfiles {

template <class T>
class [[nodiscard("nothing happens until the operation is awaited")]] operation;

namespace detail {

void bind_to_current_engine(call_base& call);  // throws error(no_engine) where there is none

/// Turns a stop request into call_base::cancel for as long as it lives.
class stop_link {
 public:
  stop_link() noexcept = default;  ///< of nothing
  stop_link(std::stop_token token, call_base* call);
  void connect() const;
  /// True: the token was asked to stop before, and the call has ended as cancelled.
  /// REQUIRES: it is bound, and was not tried.
  bool ends_at_once() const noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;  ///< copies are the same link, cut when the last of them goes
};

template <class T>
class awaiter {
 public:
  awaiter(call_reference<call<T>> call, std::unique_ptr<stop_link> stop)
      : call_(std::move(call)), stop_(std::move(stop)) {}
  awaiter(awaiter&&) = delete;
  ~awaiter() {
    if (waiting_) call_->abandon();
  }

  bool await_ready() {
    if (!call_->bound()) bind_to_current_engine(*call_.get());
    if (stop_ && stop_->ends_at_once()) return true;
    return call_->try_now();
  }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    waiting_ = true;
    // Once it was started, a turn on another thread may resume the coroutine, and end this object.
    const stop_link stop = stop_ ? *stop_ : stop_link();
    call_->start({&resume, this});
    stop.connect();
  }
  T await_resume() {
    waiting_ = false;
    return call_->take();
  }

 private:
  static void resume(void* self) noexcept {
    static_cast<awaiter*>(self)->waiting_ = false;
    static_cast<awaiter*>(self)->handle_.resume();
  }

  call_reference<call<T>> call_;
  std::unique_ptr<stop_link> stop_;
  std::coroutine_handle<> handle_;
  bool waiting_ = false;
};

/// How a foreign completion token starts an operation. A door specialises this for the tokens
/// that it understands; the core knows none.
template <class T, class Token>
struct completion_door;

}  // namespace detail

template <class T>
class operation {
 public:
  using value_type = T;

  explicit operation(detail::call<T>* call) noexcept
      : call_(detail::call_reference<detail::call<T>>::adopt(call)) {}

  /// Ends the call with std::errc::timed_out when it takes longer than `timeout`, counted from
  /// its start. Zero: end at once unless it can be served without waiting.
  operation within(std::chrono::nanoseconds timeout) && {
    call_->set_timeout(timeout < timeout.zero() ? timeout.zero() : timeout);
    return std::move(*this);
  }

  /// Ends the call with std::errc::operation_canceled when `token` is asked to stop. If it has been
  /// before the co_await, at once and with nothing done, even if it could be served from memory.
  operation stopped_by(std::stop_token token) && {
    stop_ = std::make_unique<detail::stop_link>(std::move(token), call_.get());
    return std::move(*this);
  }

  detail::awaiter<T> operator co_await() && {
    return detail::awaiter<T>(std::move(call_), std::move(stop_));
  }

  /// Starts the operation with a completion token of a foreign loop; see <ringfiles/asio.hpp>.
  template <class Token>
    requires requires { typename detail::completion_door<T, std::decay_t<Token>>::enabled; }
  auto operator()(Token&& token) {
    return detail::completion_door<T, std::decay_t<Token>>::initiate(std::move(*this),
                                                                     std::forward<Token>(token));
  }

  /// For doors: the call itself, and what is to be connected once the call was started (or null).
  const detail::call_reference<detail::call<T>>& call() const noexcept { return call_; }
  std::unique_ptr<detail::stop_link>& stop() noexcept { return stop_; }

 private:
  detail::call_reference<detail::call<T>> call_;
  std::unique_ptr<detail::stop_link> stop_;
};

}  // namespace ringfiles
