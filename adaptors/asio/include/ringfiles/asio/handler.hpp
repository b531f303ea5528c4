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
    auto& self = *make(std::move(handler), std::move(started), service);
    if (!service.start(self)) return;
    self.connect();
    service.launched(self);
  }

  void deliver(delivery how) override {
    completion<T, Handler> ended(std::move(handler_), std::move(call_));
    if (connected_) ended.clear_slot_first();
    engine_service& home = home_;
    const auto work = std::move(work_);
    destroy(ended_allocator());
    std::move(ended).submit(how, &home);
  }

  void discard() noexcept override {
    const Handler handler(std::move(handler_));
    destroy(ended_allocator());
  }

 private:
  using allocator = typename std::allocator_traits<
      decltype(allocator_of(std::declval<const Handler&>()))>::template
      rebind_alloc<pending_handler>;
  using allocator_traits = std::allocator_traits<allocator>;
  using executor = boost::asio::associated_executor_t<Handler>;

  friend allocator_traits;
  template <class, class...>
  friend struct std::construct_at_access;

  pending_handler(Handler&& handler, operation<T>&& started, engine_service& home)
      : pending(started.call().get()),
        handler_(std::move(handler)),
        call_(started.call()),
        stop_(std::move(started.stop())),
        work_(boost::asio::get_associated_executor(handler_)),
        allocator_(allocator_of(handler_)),
        home_(home) {}
  ~pending_handler() = default;
};

}  // namespace ringfiles::asio_door
