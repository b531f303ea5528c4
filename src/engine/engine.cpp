#include "ringfiles/engine.hpp"

#include <utility>

#include "engine/engine_core.hpp"
#include "engine/simple_call.hpp"
#include "ringfiles/task.hpp"
#include "sys/calls.hpp"

namespace ringfiles {
namespace {

thread_local engine* current_engine = nullptr;

}  // namespace

engine::engine(engine_options options)
    : core_(std::make_shared<detail::engine_core>(std::move(options))) {}

engine::~engine() { core_->shut_down(); }

int engine::completion_fd() const noexcept { return core_->completion_fd(); }
std::size_t engine::run_completions() { return core_->run_completions(); }
bool engine::idle() const noexcept { return core_->idle(); }
statistics engine::stats() const noexcept { return core_->stats(); }
backend_kind engine::backend() const noexcept { return core_->kind(); }

bool engine::wait(std::chrono::milliseconds timeout) const {
  core_->check_fork();
  return sys::wait_readable(core_->completion_fd(), static_cast<int>(timeout.count())) != 0;
}

engine* engine::current() noexcept { return current_engine; }

engine::scope::scope(engine& engine) noexcept : previous_(std::exchange(current_engine, &engine)) {}
engine::scope::~scope() { current_engine = previous_; }

namespace detail {

void bind_to_current_engine(call_base& call) {
  if (current_engine == nullptr)
    throw error(errc::no_engine, "co_await", {},
                "use ringfiles::run, make an engine::scope, or give the engine to open()");
  call.bind(current_engine->core());
}

void drive(engine& engine, const bool& done) {
  while (!done) {
    if (engine.run_completions() == 0 && !done) engine.wait();
  }
}

namespace {

class sleep_call final : public simple_call<void> {
 public:
  explicit sleep_call(std::chrono::nanoseconds duration) noexcept : duration_(duration) {}

 protected:
  const char* name() const noexcept override { return "sleep_for"; }
  void begin() override {
    timer_.owner = this;
    timer_.expired = [](void* owner) noexcept {
      auto& self = *static_cast<sleep_call*>(owner);
      self.finish([] {});
      self.drop_reference();
    };
    add_reference();  // the timer's
    core_->add_timer(timer_, sys::ns_from_now(duration_.count()));
  }
  void on_withdrawn() noexcept override {
    if (core_->remove_timer(timer_)) drop_reference();  // the timer's
  }

 private:
  std::chrono::nanoseconds duration_;
  engine_floor::timer timer_;
};

}  // namespace
}  // namespace detail

operation<void> sleep_for(std::chrono::nanoseconds duration) {
  return operation<void>(new detail::sleep_call(duration));
}

}  // namespace ringfiles
