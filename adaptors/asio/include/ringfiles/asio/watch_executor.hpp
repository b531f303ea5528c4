// The executor of the descriptor through which a context watches its engine.
//
// Asio runs the completions of its reactor on the threads of the context, whichever executor the
// descriptor was made with; all that is left for this one is to call. So an engine can be hosted by
// any context that has a reactor (io_context, thread_pool), known only as execution_context&.
#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <utility>

namespace ringfiles::asio_door {

class watch_executor {
 public:
  explicit watch_executor(boost::asio::execution_context& context) noexcept : context_(&context) {}

  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
    return *context_;
  }
  static constexpr boost::asio::execution::blocking_t query(
      boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.always;
  }

  template <class Function>
  void execute(Function&& function) const {
    std::forward<Function>(function)();
  }

  friend bool operator==(const watch_executor&, const watch_executor&) noexcept = default;

 private:
  boost::asio::execution_context* context_;
};

}  // namespace ringfiles::asio_door
