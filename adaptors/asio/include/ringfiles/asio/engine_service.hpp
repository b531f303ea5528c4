// The engine of an execution context, as a service of it.
//
// The context watches completion_fd() while a call is outstanding or the engine is otherwise busy
// (a dropped file still closes), and no longer: so run() returns when there is nothing left to do,
// and may be restarted. One thread at a time takes a turn of the engine. It passes the watch on
// before it hands out what has ended, and keeps one handler for itself while the others are posted:
// a long handler holds up nobody.
//
// SAFETY: all public functions from any thread.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "ringfiles/asio/pending.hpp"
#include "ringfiles/asio/watch_executor.hpp"
#include "ringfiles/detail/host.hpp"
#include "ringfiles/engine.hpp"

namespace ringfiles::asio_door {

class engine_service final : public boost::asio::execution_context::service,
                             public detail::engine_host {
 public:
  inline static boost::asio::execution_context::id id;

  explicit engine_service(boost::asio::execution_context& context,
                          engine_options options = {.concurrent = true, .memory = {}})
      : service(context),
        engine_(std::move(options)),
        descriptor_(watch_executor(context), engine_.completion_fd()) {
    detail::set_host(engine_.core(), this);
  }
  /// Without shutdown() when two threads made the first use of a context: one of the two goes.
  ~engine_service() override { release_descriptor(); }

  engine& hosted() noexcept { return engine_; }

  /// The service that watches the engine of `call`; null if none does.
  static engine_service* of(const detail::call_base& call) {
    detail::engine_core* core = call.core();
    return core == nullptr ? nullptr : dynamic_cast<engine_service*>(detail::host_of(*core));
  }

  /// Starts the call of `waiting`; launched() must follow. False: the context is shut down and
  /// `waiting` is gone.
  bool start(pending& waiting) {
    {
      std::lock_guard lock(mutex_);
      waiting.service_ = this;
      if (!shut_down_) {
        pending_.push(waiting);
        // A file that closes in the background behind something hung keeps the engine busy, which
        // then tells nobody, and is no reason to watch.
        if (!watching_) watch();
      }
    }
    if (shut_down_) return waiting.discard(), false;
    waiting.call_->start({&call_ended, &waiting});
    return true;
  }

  /// What belongs to the initiation is done, and `waiting` may be gone on return.
  void launched(pending& waiting) {
    if (waiting.steps_left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    {
      std::lock_guard lock(mutex_);
      pending_.remove(waiting);
      // Its turn is over, and left the watch armed for this one.
      if (watching_ && !busy()) descriptor_.cancel();
    }
    waiting.deliver(delivery::post);
  }

  canceller make_canceller(const detail::call_base* call) const noexcept {
    return canceller(call, alive_);
  }

  /// Runs `function` on a thread of the context, not now. For handlers without an executor.
  template <class Function>
  void post(Function function) {
    std::lock_guard lock(mutex_);
    // A read of nothing completes at once, as if by a post.
    descriptor_.async_read_some(
        boost::asio::mutable_buffer(),
        [function = std::move(function)](auto, std::size_t) mutable { function(); });
  }

 private:
  void engine_busy() noexcept override {
    std::lock_guard lock(mutex_);
    if (!watching_ && !shut_down_) watch();
  }

  /// REQUIRES: the lock.
  void watch() {
    watching_ = true;
    descriptor_.async_wait(descriptor::wait_read, [this, generation = generation_](auto) {
      if (generation == generation_) turn();
    });
  }

  /// REQUIRES: the lock. Requests whose callers were told "over" may never end: they do not count.
  bool busy() const noexcept {
    if (!pending_.empty()) return true;
    if (engine_.idle()) return false;
    const statistics now = engine_.stats();
    return now.parked == 0 || now.in_flight > now.parked;
  }

  void turn() {
    engine_.run_completions();
    pending_list ended;
    {
      std::lock_guard lock(mutex_);
      while (pending* one = ended_.pop()) ended.push(*one);
      watching_ = false;
      if (busy()) watch();
    }
    while (pending* later = ended.pop_second()) later->deliver(delivery::post);
    if (pending* first = ended.pop()) first->deliver(delivery::dispatch);
  }

  static void call_ended(void* context) noexcept {
    auto& self = *static_cast<pending*>(context);
    if (self.steps_left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    engine_service& service = *self.service_;
    std::lock_guard lock(service.mutex_);
    service.pending_.remove(self);
    service.ended_.push(self);
  }

  // Nothing runs any more. Coroutines are destroyed from here on, and files with them: they close
  // in the background while the engine lives, which is until this service is destroyed.
  void shutdown() noexcept override {
    shut_down_ = true;
    alive_.reset();
    detail::set_host(engine_.core(), nullptr);
    while (pending* left = pending_.pop()) {
      left->call_->abandon();
      left->discard();
    }
    release_descriptor();
  }

  /// The number belongs to the engine, which closes it.
  void release_descriptor() noexcept {
    if (descriptor_.is_open()) descriptor_.release();
  }

  // In a child the engine makes itself anew under the old number, so that the reactor, which has
  // just registered the inherited descriptor, has to be told of the new one.
  void notify_fork(boost::asio::execution_context::fork_event event) override {
    if (event != boost::asio::execution_context::fork_child) return;
    std::lock_guard lock(mutex_);
    ++generation_;
    descriptor_.release();
    engine_.wait(std::chrono::milliseconds(0));
    descriptor_.assign(engine_.completion_fd());
    watching_ = false;
    if (busy()) watch();
  }

  using descriptor = boost::asio::posix::basic_stream_descriptor<watch_executor>;

  engine engine_;
  descriptor descriptor_;
  std::shared_ptr<void> alive_ = std::make_shared<char>();
  std::mutex mutex_;
  pending_list pending_;  ///< outstanding
  pending_list ended_;    ///< in this turn
  bool watching_ = false;
  bool shut_down_ = false;
  unsigned generation_ = 0;  ///< of the process: one more in a forked child
};

}  // namespace ringfiles::asio_door
