#include "logagg/loop.hpp"

#include <chrono>
#include <utility>

namespace logagg {

/// A coroutine that starts at once and frees itself at its end.
struct loop::started {
  struct promise_type {
    started get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

ringfiles::statistics loop::run(const next_file& next, std::size_t at_most) {
  loop own(next);
  own.run_all(at_most);
  if (own.thrown_) std::rethrow_exception(own.thrown_);
  return own.engine_.stats();
}

void loop::run_all(std::size_t at_most) {
  using std::chrono::milliseconds;
  const ringfiles::engine::scope scope(engine_);
  while (more_ || running_ > 0) {
    const bool room = more_ && running_ < at_most;
    if (room && (running_ == 0 || !engine_.wait(milliseconds::zero()))) {
      start_next();
    } else {
      engine_.wait();
      engine_.run_completions();
    }
  }
}

void loop::start_next() {
  std::optional<ringfiles::task<>> work;
  if (!thrown_) work = next_();
  more_ = work.has_value();
  if (work) drive(std::move(*work));
}

loop::started loop::drive(ringfiles::task<> work) {
  ++running_;
  try {
    co_await std::move(work);
  } catch (...) {
    if (!thrown_) thrown_ = std::current_exception();
  }
  --running_;
}

}  // namespace logagg
