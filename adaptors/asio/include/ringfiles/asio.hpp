// Files for Boost.Asio: every operation takes any completion token, and awaits in asio::awaitable.
//
//   asio::awaitable<void> copy_line(std::filesystem::path path) {
//     auto file = co_await ringfiles::open(path);               // in the coroutine's own context
//     auto line = co_await file.readline();                     // buffered: neither wait nor post
//     auto rest = co_await (file.read()(asio::use_awaitable) || deadline.async_wait(…));
//   }
//   file.read()([](std::exception_ptr failure, std::string text) { … });
//   auto size = ringfiles::on(context, ringfiles::status(path))(asio::use_future);
//
// Signature: void(std::exception_ptr, T), or void(std::exception_ptr) for operation<void>. An
// error_code could not carry the operation, the path and the hint of ringfiles::error. A cancelled
// operation's code() equals std::errc::operation_canceled.
// The engine: one per execution context, made on first use, watched only while it has work, so that
// run() returns as usual. An operation that is not bound to a file runs on the engine of its
// handler's context; handlers that have none (callbacks, use_future) name it: on(), open(engine,
// …). Handlers run on their associated executor, without one on a thread of the context; never
// inside the initiating function. Allocator and cancellation slot are honoured; any type of
// cancellation ends the wait, and reads consume nothing then.
// Several threads may run the context. A forked child calls context.notify_fork(), as for sockets.
// docs/asio.md tells of costs and of what differs from boost::asio::stream_file.
//
// SAFETY: one thread at a time per file (an implicit or explicit strand); files are independent.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>
#include <utility>

#include "ringfiles/asio/await.hpp"
#include "ringfiles/asio/contexts.hpp"
#include "ringfiles/asio/handler.hpp"
#include "ringfiles/engine.hpp"
#include "ringfiles/operation.hpp"

namespace ringfiles {

/// The engine of `context`, made now if need be; it lives as long as the context. For open(engine,
/// …) and engine::stats(); the context takes its turns.
inline engine& engine_of(boost::asio::execution_context& context) {
  return asio_door::service_in(context).hosted();
}
template <asio_door::any_executor Executor>
engine& engine_of(const Executor& executor) {
  return asio_door::service_in(executor).hosted();
}

/// Makes the engine of `context` with other options. `concurrent = false` saves some locks where
/// one thread alone runs the context and uses its files.
/// ERRORS: boost::asio::service_already_exists if it has been made; error("engine").
inline engine& make_engine(boost::asio::execution_context& context, engine_options options) {
  return boost::asio::make_service<asio_door::engine_service>(context, std::move(options)).hosted();
}

/// Names the context, or its executor, whose engine serves `unbound`. What is bound, as all calls
/// on an open file are, stays where it is.
template <class T>
operation<T> on(boost::asio::execution_context& context, operation<T> unbound) {
  asio_door::bind_to(context, *unbound.call().get());
  return unbound;
}
template <asio_door::any_executor Executor, class T>
operation<T> on(const Executor& executor, operation<T> unbound) {
  asio_door::bind_to(executor, *unbound.call().get());
  return unbound;
}

namespace detail {

template <class T, class Token>
  requires boost::asio::completion_token_for<Token, asio_door::signature<T>>
struct completion_door<T, Token> {
  using enabled = void;
  static auto initiate(operation<T>&& started, Token token) {
    return boost::asio::async_initiate<Token, asio_door::signature<T>>(asio_door::initiation<T>{},
                                                                       token, std::move(started));
  }
};

/// An operation is already what `deferred` makes: a function that starts it.
template <class T>
struct completion_door<T, boost::asio::deferred_t> {
  using enabled = void;
  static operation<T> initiate(operation<T>&& started, boost::asio::deferred_t) {
    return std::move(started);
  }
};

#ifdef RINGFILES_ASIO_AWAITS_INLINE
template <class T, class Executor>
struct completion_door<T, boost::asio::use_awaitable_t<Executor>> {
  using enabled = void;
  static boost::asio::awaitable<T, Executor> initiate(operation<T> started,
                                                      boost::asio::use_awaitable_t<Executor>) {
    co_return co_await std::move(started);
  }
};
#endif

}  // namespace detail
}  // namespace ringfiles

template <class T>
struct boost::asio::is_deferred<ringfiles::operation<T>> : std::true_type {};
