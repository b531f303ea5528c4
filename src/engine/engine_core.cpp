#include "engine/engine_core.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "backend/choose.hpp"
#include "base/fork_guard.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {
namespace {

void check(int result, const char* what) {
  if (result < 0) throw error({-result, std::generic_category()}, "engine", {}, what);
}

base::owned_fd require(int fd, const char* what) {
  check(fd, what);
  return base::owned_fd(fd);
}

std::shared_ptr<backend::wake_up> make_wake_up() {
  return std::make_shared<backend::wake_up>(require(sys::make_eventfd(), "eventfd").release());
}

bool was_cancelled(std::error_code code) noexcept {
  return code == std::errc::operation_canceled || code == std::errc::timed_out;
}

}  // namespace

thread_local constinit const engine_core* engine_core::turn_of_this_thread = nullptr;

engine_core::engine_core(const engine_options& options)
    : options_(options), mutex_(options.concurrent), generation_(base::process_generation()) {
  wake_ = make_wake_up();
  epoll_ = require(sys::make_epoll(), "epoll_create1");
  make_descriptors();
  backend_ = backend::make_backend(options_, wake_);
}

engine_core::~engine_core() { shut_down(); }

std::uint32_t engine_core::base_generation() noexcept { return base::process_generation(); }

// Edge-triggered: epoll_wait itself clears the readiness, which spares a read(2) per turn.
void engine_core::make_descriptors() {
  timer_fd_ = require(sys::make_timer(), "timerfd_create");
  armed_ns_ = engine_floor::timers::never;
  for (const int watched : {wake_->fd(), timer_fd_.get()})
    check(sys::epoll_add(epoll_.get(), watched, EPOLLIN | EPOLLET, nullptr), "epoll_ctl");
}

void engine_core::add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) noexcept {
  if (options_.concurrent)
    counter.fetch_add(amount, std::memory_order_relaxed);
  else  // one writer: a locked instruction would cost more than the line that it counts
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

// ---- Calls --------------------------------------------------------------------------------------

void set_host(engine_core& core, engine_host* host) noexcept { core.set_host(host); }
engine_host* host_of(const engine_core& core) noexcept { return core.host(); }

// The engine holds a reference from here until the call was delivered. One that has ended starts
// nothing: try_now() has refused it.
void engine_core::call_started(call_base& call) {
  check_fork();
  call.add_reference();
  const bool was_idle = calls_.fetch_add(1, std::memory_order_relaxed) == 0;
  if (was_idle && host_ != nullptr) host_->engine_busy();
  if (call.timeout_.count() < 0) return;
  auto* deadline = new engine_floor::timer;
  deadline->owner = &call;
  deadline->expired = [](void* owner) noexcept {
    auto& late = *static_cast<call_base*>(owner);
    late.withdraw(std::make_error_code(std::errc::timed_out));
  };
  call.deadline_ = deadline;
  add_timer(*deadline, sys::ns_from_now(call.timeout_.count()));
}

void engine_core::call_settled(call_base& call) noexcept {
  if (is_shut_down()) {
    if (!call.started_) return;
    drop_deadline(call);
    return call.drop_reference();  // no turn will deliver it
  }
  std::lock_guard lock(mutex_);
  const bool first = ended_.empty();
  ended_.push(&call);
  // Inside a turn the list is walked before the turn ends; outside one, somebody must start it.
  if (first && turn_of_this_thread != this) wake();
}

void engine_core::drop_deadline(call_base& call) noexcept {
  auto* deadline = static_cast<engine_floor::timer*>(std::exchange(call.deadline_, nullptr));
  if (deadline == nullptr) return;
  remove_timer(*deadline);
  delete deadline;
}

void engine_core::ask_cancel(call_base& call, std::errc why) noexcept {
  if (call.cancel_asked_.exchange(true)) return;
  call.cancel_reason_ = why;
  {
    std::lock_guard lock(cancel_mutex_);
    if (is_shut_down()) return;  // no turn would take it off the list
    call.add_reference();
    cancelled_.push(&call);
    cancels_waiting_.store(true, std::memory_order_release);
  }
  wake();
}

void engine_core::withdraw_cancelled() noexcept {
  if (!cancels_waiting_.load(std::memory_order_acquire)) return;
  cancel_list taken;
  {
    std::lock_guard lock(cancel_mutex_);
    taken.append(std::move(cancelled_));
    cancels_waiting_.store(false, std::memory_order_relaxed);
  }
  while (call_base* call = taken.pop()) {
    call->withdraw(std::make_error_code(call->cancel_reason_));
    call->drop_reference();
  }
}

// ---- Time and readiness -------------------------------------------------------------------------

void engine_core::add_timer(engine_floor::timer& added, std::int64_t at_ns) {
  std::lock_guard lock(mutex_);
  timers_.add(added, at_ns);
  if (at_ns < armed_ns_) arm_timer_for_earliest();
}

bool engine_core::remove_timer(engine_floor::timer& removed) noexcept {
  std::lock_guard lock(mutex_);
  return timers_.remove(removed);
}

// Left armed for a timer that was removed, the descriptor only costs one empty turn.
void engine_core::arm_timer_for_earliest() noexcept {
  armed_ns_ = timers_.earliest();
  if (armed_ns_ != engine_floor::timers::never)
    sys::arm_timer(timer_fd_.get(), std::max<std::int64_t>(armed_ns_, 1));
}

void engine_core::run_due_timers() noexcept {
  if (armed_ns_ == engine_floor::timers::never) return;
  const std::int64_t now = sys::now_ns();
  if (now < armed_ns_) return;
  for (;;) {
    engine_floor::timer* due = nullptr;
    {
      std::lock_guard lock(mutex_);
      due = timers_.take_due(now);
      if (due == nullptr) arm_timer_for_earliest();
    }
    if (due == nullptr) return;
    due->expired(due->owner);
  }
}

int engine_core::watch(poll_waiter& waiter) noexcept {
  const std::uint32_t events = waiter.events | EPOLLONESHOT;
  // Locked throughout: a turn on another thread may take the event before this returns.
  std::lock_guard lock(mutex_);
  int result = sys::epoll_add(epoll_.get(), waiter.fd, events, &waiter);
  if (result == -EEXIST) result = sys::epoll_rearm(epoll_.get(), waiter.fd, events, &waiter);
  waiter.watched = result == 0;
  if (waiter.watched) watched_.insert(&waiter);
  return result;
}

void engine_core::unwatch(poll_waiter& waiter) noexcept {
  std::lock_guard lock(mutex_);
  if (!waiter.watched) return;
  waiter.watched = false;
  sys::epoll_remove(epoll_.get(), waiter.fd);
  watched_.erase(&waiter);
}

void engine_core::take_ready() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = sys::epoll_take(epoll_.get(), events.data(), static_cast<int>(events.size()));
    for (int i = 0; i < count; ++i) {
      auto* waiter = static_cast<poll_waiter*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (waiter == nullptr) continue;
      void (*ready)(void*) noexcept = nullptr;
      void* owner = nullptr;
      {
        std::lock_guard lock(mutex_);
        if (watched_.erase(waiter) == 0) continue;  // unwatched since, and perhaps destroyed
        waiter->watched = false;
        ready = waiter->ready;
        owner = waiter->owner;
        waiter->hold(owner);
      }
      ready(owner);
    }
    if (count < static_cast<int>(events.size())) return;
  }
}

// ---- Turns --------------------------------------------------------------------------------------

std::size_t engine_core::run_completions() {
  check_fork();
  if (is_shut_down()) return 0;
  turn_.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t started = turn_started_ns_ = sys::now_ns();
  const engine_core* const outer = std::exchange(turn_of_this_thread, this);
  flush_wanted_.store(false, std::memory_order_relaxed);
  take_ready();
  withdraw_cancelled();
  take_ended();
  run_due_timers();
  resume_yielded();
  backend_->flush();
  const std::size_t delivered = deliver();
  backend_->flush();
  turn_of_this_thread = outer;
  const auto lasted = static_cast<std::uint64_t>(sys::now_ns() - started);
  if (lasted > longest_turn_ns_.load(std::memory_order_relaxed))
    longest_turn_ns_.store(lasted, std::memory_order_relaxed);
  return delivered;
}

std::size_t engine_core::deliver() {
  std::size_t count = 0;
  for (;;) {
    call_base* call = nullptr;
    {
      std::lock_guard lock(mutex_);
      call = ended_.pop();
    }
    if (call == nullptr) return count;
    ++count;
    drop_deadline(*call);
    if (call->failure_ && was_cancelled(call->failure_)) add(cancelled_calls_, 1);
    calls_.fetch_sub(1, std::memory_order_relaxed);
    const continuation then = std::exchange(call->then_, {});
    if (then.resume != nullptr) then.resume(then.context);
    call->drop_reference();
    if (turn_is_over(count)) return wake(), count;
  }
}

bool engine_core::idle() const noexcept {
  return in_flight_.load(std::memory_order_relaxed) == 0 &&
         calls_.load(std::memory_order_relaxed) == 0;
}

statistics engine_core::stats() const noexcept {
  statistics stats;
  for (std::size_t i = 0; i < rung_count; ++i) stats.served[i] = own_slot_.served(i);
  {
    std::lock_guard lock(mutex_);
    for (const auto& slot : slots_)
      for (std::size_t i = 0; i < rung_count; ++i) stats.served[i] += slot->served(i);
  }
  stats.inline_misses = inline_misses_.load(std::memory_order_relaxed);
  stats.turns = turn_.load(std::memory_order_relaxed) - 1;
  stats.yields = yields_.load(std::memory_order_relaxed);
  stats.cancelled = cancelled_calls_.load(std::memory_order_relaxed);
  stats.longest_turn_ns = longest_turn_ns_.load(std::memory_order_relaxed);
  stats.in_flight = in_flight_.load(std::memory_order_relaxed);
  stats.parked = parked_.load(std::memory_order_relaxed);
  stats.parked_bytes = parked_bytes_.load(std::memory_order_relaxed);
  backend_->add_to(stats);
  return stats;
}

}  // namespace ringfiles::detail
