// Operations with a completion token: from the token's handler to its invocation.
//
// What is in memory already ends the call at once; its handler is then posted. Else the handler
// waits in the engine's service. Either way it runs on its associated executor, or, if it has none,
// on a thread of the context that hosts the engine.
#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "ringfiles/asio/contexts.hpp"
#include "ringfiles/operation.hpp"

namespace ringfiles::asio_door {

/// Handlers without an allocator of their own get Asio's cache of small blocks.
template <class Handler>
auto allocator_of(const Handler& handler) {
  auto associated = boost::asio::get_associated_allocator(handler);
  if constexpr (std::is_same_v<decltype(associated), std::allocator<void>>)
    return boost::asio::recycling_allocator<void>();
  else
    return associated;
}

/// Calls the handler with the outcome of its call, or with a failure that came before.
template <class T, class Handler>
class completion {
 public:
  completion(Handler handler, detail::call_reference<detail::call<T>> call)
      : handler_(std::move(handler)), call_(std::move(call)) {}
  completion(Handler handler, std::exception_ptr failure)
      : handler_(std::move(handler)), failure_(std::move(failure)) {}

  void clear_slot_first() noexcept { clears_slot_ = true; }

  void operator()() {
    if (clears_slot_) boost::asio::get_associated_cancellation_slot(handler_).clear();
    if constexpr (std::is_void_v<T>) {
      take([this] { call_->take(); });
      std::move(handler_)(std::move(failure_));
    } else {
      T value{};
      take([&] { value = call_->take(); });
      std::move(handler_)(std::move(failure_), std::move(value));
    }
  }

  /// To its executor; without one of its own, to the context of `home` (if there is one).
  void submit(delivery how, engine_service* home) && {
    const auto executor = boost::asio::get_associated_executor(handler_);
    if constexpr (is_homeless<std::decay_t<decltype(executor)>>) {
      if (home != nullptr) {
        if (how == delivery::dispatch) return (*this)();
        return home->post(std::move(*this));
      }
    }
    auto bound = boost::asio::bind_allocator(allocator_of(handler_), std::move(*this));
    if (how == delivery::dispatch)
      boost::asio::dispatch(executor, std::move(bound));
    else
      boost::asio::post(executor, std::move(bound));
  }

 private:
  template <class Take>
  void take(Take take_value) {
    if (!call_) return;
    try {
      if (call_->failure())
        failure_ = std::make_exception_ptr(call_->make_error());
      else
        take_value();
    } catch (...) {
      failure_ = std::current_exception();
    }
    call_ = {};
  }

  Handler handler_;
  detail::call_reference<detail::call<T>> call_;
  std::exception_ptr failure_;
  bool clears_slot_ = false;
};

/// A handler whose call is under way, in memory of the handler's allocator.
template <class T, class Handler>
class pending_handler final : public pending {
 public:
  static void start(Handler&& handler, operation<T>&& started, engine_service& service) {
    allocator memory(allocator_of(handler));
    auto* place = allocator_traits::allocate(memory, 1);
    auto* self = new (place) pending_handler(std::move(handler), std::move(started), service);
    if (!service.start(*self)) return;
    self->connect();
    service.launched(*self);
  }

  pending_handler(Handler&& handler, operation<T>&& started, engine_service& home)
      : pending(started.call().get()),
        handler_(std::move(handler)),
        call_(started.call()),
        stop_(std::move(started.stop())),
        work_(boost::asio::get_associated_executor(handler_)),
        home_(home) {}

  void deliver(delivery how) override {
    const auto work = std::move(work_);
    engine_service& home = home_;
    const bool connected = connected_;
    completion<T, Handler> ended = leave();
    if (connected) ended.clear_slot_first();
    std::move(ended).submit(how, &home);
  }

  void discard() noexcept override { leave(); }

 private:
  using allocator = typename std::allocator_traits<decltype(allocator_of(
      std::declval<const Handler&>()))>::template rebind_alloc<pending_handler>;
  using allocator_traits = std::allocator_traits<allocator>;

  void connect() {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    connected_ = slot.is_connected();
    if (connected_) slot.template emplace<canceller>(home_.make_canceller(call_.get()));
    if (stop_) stop_->connect();
  }

  /// The memory goes before the handler is called, so that it can be used again there.
  completion<T, Handler> leave() {
    allocator memory(allocator_of(handler_));
    completion<T, Handler> ended(std::move(handler_), std::move(call_));
    this->~pending_handler();
    allocator_traits::deallocate(memory, this, 1);
    return ended;
  }

  Handler handler_;
  detail::call_reference<detail::call<T>> call_;
  std::unique_ptr<detail::stop_link> stop_;
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
  engine_service& home_;
  bool connected_ = false;
};

/// What Asio calls with the handler that it has made of a completion token.
template <class T>
struct initiation {
  template <class Handler>
  void operator()(Handler&& handler, operation<T> started) const {
    using completed = completion<T, std::decay_t<Handler>>;
    const auto call = started.call();
    try {
      const auto executor = boost::asio::get_associated_executor(handler);
      if constexpr (!is_homeless<std::decay_t<decltype(executor)>>) bind_to(executor, *call.get());
      if (!call->bound()) throw no_loop(*call.get());
      engine_service* service = engine_service::of(*call.get());
      if ((started.stop() && started.stop()->ends_at_once()) || call->try_now())
        return completed(std::forward<Handler>(handler), call).submit(delivery::post, service);
      if (service == nullptr) throw no_loop(*call.get());
      pending_handler<T, std::decay_t<Handler>>::start(std::forward<Handler>(handler),
                                                       std::move(started), *service);
    } catch (...) {
      completed(std::forward<Handler>(handler), std::current_exception())
          .submit(delivery::post, nullptr);
    }
  }
};

template <class T>
struct signature_of {
  using type = void(std::exception_ptr, T);
};
template <>
struct signature_of<void> {
  using type = void(std::exception_ptr);
};
template <class T>
using signature = typename signature_of<T>::type;

}  // namespace ringfiles::asio_door
