// From an executor to its context, and from a context to its engine.
#pragma once

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/is_executor.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/use_future.hpp>
#include <type_traits>

#include "ringfiles/asio/engine_service.hpp"

namespace ringfiles::asio_door {

template <class Executor>
concept any_executor = boost::asio::execution::is_executor<Executor>::value ||
                       boost::asio::is_executor<Executor>::value;

template <any_executor Executor>
decltype(auto) context_of(const Executor& executor) {
  if constexpr (boost::asio::can_query<const Executor&, boost::asio::execution::context_t>::value)
    return boost::asio::query(executor, boost::asio::execution::context);
  else
    return executor.context();  // as in the Networking TS: io_context::strand
}

/// Executors that stand for "nowhere in particular": of a plain callback, and of use_future.
/// (Asking them for their context would start the threads of the system context.)
template <class Executor>
inline constexpr bool is_homeless = false;
template <class Blocking, class Relationship, class Allocator>
inline constexpr bool
    is_homeless<boost::asio::basic_system_executor<Blocking, Relationship, Allocator>> = true;
template <class T, class Blocking>
inline constexpr bool is_homeless<boost::asio::detail::promise_executor<T, Blocking>> = true;

inline engine_service& service_in(boost::asio::execution_context& context) {
  return boost::asio::use_service<engine_service>(context);
}

template <any_executor Executor>
engine_service& service_in(const Executor& executor) {
  return service_in(context_of(executor));
}

template <class Place>
void bind_to(Place& place, detail::call_base& call) {
  if (!call.bound()) call.bind(service_in(place).hosted().core());
}

/// What an operation meets that has no loop to wait in.
inline error no_loop(const detail::call_base& call) {
  return error(errc::no_engine, "co_await", {},
               call.bound() ? "the file's engine is not hosted by an execution context that still "
                              "lives: open it with ringfiles::engine_of(context)"
                            : "the handler has no executor: name one with ringfiles::on(context, "
                              "operation), or open(ringfiles::engine_of(context), path)");
}

}  // namespace ringfiles::asio_door
