#include <functional>
#include <optional>

#include "engine/engine_core.hpp"
#include "ringfiles/operation.hpp"

namespace ringfiles::detail {

// The callback may run on another thread, at once or while the link is being destroyed; it holds a
// reference to the call, and std::stop_callback's destructor waits for a callback that runs.
struct stop_link::state {
  struct ask {
    call_reference<call_base> call;
    void operator()() noexcept { call->cancel(); }
  };
  std::stop_token token;
  call_reference<call_base> call;
  std::optional<std::stop_callback<ask>> callback;
};

stop_link::stop_link(std::stop_token token, call_base* call)
    : state_(new state{std::move(token), call_reference<call_base>(call), std::nullopt}) {}

void stop_link::connect() const {
  if (state_) state_->callback.emplace(state_->token, state::ask{state_->call});
}

bool stop_link::ends_at_once() const noexcept {
  if (!state_ || !state_->token.stop_requested()) return false;
  state_->call->end_untried(std::errc::operation_canceled);
  return true;
}

}  // namespace ringfiles::detail
