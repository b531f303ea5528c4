// `co_await operation` in a coroutine of type boost::asio::awaitable: what is in memory is
// delivered without suspension, without a post and without a memory allocation.
//
// Asio has no public way to let an awaited operation end at once, so this specialises the class
// with which awaitable's promise awaits an operation (of ours only). It uses what that class itself
// uses: detach_thread(), after_suspend(), awaitable_async_op_handler. Tested with Asio 1.26 (Boost
// 1.81), 1.30 (1.85) and 1.34 (1.88). With other versions, or if RINGFILES_ASIO_ORDINARY_AWAIT is
// defined, Asio's own class is used: all works as before, but each operation is posted (0.1 µs or
// more). Before 1.28 Asio's own class does not compile for handlers that take an exception_ptr.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/version.hpp>
#include <optional>
#include <utility>

#include "ringfiles/asio/contexts.hpp"
#include "ringfiles/operation.hpp"

#if BOOST_ASIO_VERSION >= 102600 && BOOST_ASIO_VERSION < 103500 && \
    defined(BOOST_ASIO_HAS_CO_AWAIT) && !defined(RINGFILES_ASIO_ORDINARY_AWAIT)
#define RINGFILES_ASIO_AWAITS_INLINE 1

namespace ringfiles::asio_door {

/// A coroutine that waits for a call; it lies in the coroutine's own frame.
template <class Executor>
class pending_coroutine final : public pending {
 public:
  using resumption = boost::asio::detail::awaitable_async_op_handler<void(), Executor>;

  pending_coroutine(boost::asio::detail::awaitable_thread<Executor>* thread,
                    detail::call_base* call)
      : pending(call), resumption_(thread, no_result_) {}

  void start(engine_service& service, detail::call_base* call, detail::stop_link* stop) {
    if (!service.start(*this)) return;
    auto slot = resumption_.get_cancellation_slot();
    if (slot.is_connected()) slot.template emplace<canceller>(service.make_canceller(call));
    if (stop != nullptr) stop->connect();
    service.launched(*this);
  }

  void deliver(delivery how) override {
    const Executor executor = resumption_.get_executor();
    auto resume = [resumption = std::move(resumption_)]() mutable { resumption(); };
    if (how == delivery::dispatch)
      boost::asio::dispatch(executor, std::move(resume));
    else
      boost::asio::post(executor, std::move(resume));
  }

  void discard() noexcept override { const resumption gone(std::move(resumption_)); }

 private:
  typename resumption::result_type no_result_;
  resumption resumption_;
};

}  // namespace ringfiles::asio_door

namespace boost::asio::detail {

template <class Signature, class T, class Executor>
class awaitable_async_op<Signature, ringfiles::operation<T>, Executor> {
 public:
  template <class... Location>  // with BOOST_ASIO_ENABLE_HANDLER_TRACKING
  awaitable_async_op(ringfiles::operation<T>&& awaited, awaitable_frame_base<Executor>* frame,
                     Location&&...) noexcept
      : awaited_(awaited), frame_(frame) {}

  bool await_ready() {
    ringfiles::detail::call<T>& call = *awaited_.call().get();
    if (!call.bound()) bind(call);
    if (awaited_.stop() && awaited_.stop()->ends_at_once()) return true;
    return call.try_now();
  }

  void await_suspend(coroutine_handle<void>) {
    service_ = ringfiles::asio_door::engine_service::of(*awaited_.call().get());
    if (service_ == nullptr) throw ringfiles::asio_door::no_loop(*awaited_.call().get());
    frame_->after_suspend([](void* self) { static_cast<awaitable_async_op*>(self)->start(); },
                          this);
  }

  T await_resume() { return awaited_.call()->take(); }

 private:
  void bind(ringfiles::detail::call_base& call) {
    const Executor executor = frame_->await_transform(this_coro::executor_t()).await_resume();
    if constexpr (!ringfiles::asio_door::is_homeless<Executor>)
      ringfiles::asio_door::bind_to(executor, call);
    else
      throw ringfiles::asio_door::no_loop(call);
  }

  void start() {
    auto* call = awaited_.call().get();
    waiting_.emplace(frame_->detach_thread(), call);
    waiting_->start(*service_, call, awaited_.stop().get());
  }

  ringfiles::operation<T>& awaited_;  // a temporary of the co_await expression
  awaitable_frame_base<Executor>* frame_;
  ringfiles::asio_door::engine_service* service_ = nullptr;
  std::optional<ringfiles::asio_door::pending_coroutine<Executor>> waiting_;
};

}  // namespace boost::asio::detail

#endif
