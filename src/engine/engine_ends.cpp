// How an engine ends: shut down by its owner, or left behind in a forked child.
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "backend/choose.hpp"
#include "engine/engine_core.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {
namespace {

/// Destroying an engine never hangs: what the kernel does not give back by then stays parked.
constexpr std::chrono::milliseconds grace_for_reads{100};
/// Accepted bytes are worth a longer wait. A close is not: the kernel ends it by itself.
constexpr std::chrono::seconds grace_for_writes{5};

/// A back end that has to live on, and the requests of its that may never end.
struct remains {
  backend::backend* served_by = nullptr;
  backend::request* live = nullptr;
  remains* next = nullptr;
};
/// Never freed: who looks for leaks finds that all of it is still known.
std::atomic<remains*> all_remains{nullptr};

void leave_behind(std::unique_ptr<backend::backend>&& served_by, backend::request* live) noexcept {
  auto* left = new (std::nothrow) remains{served_by.release(), live};
  if (left == nullptr) return;
  left->next = all_remains.load(std::memory_order_relaxed);
  while (!all_remains.compare_exchange_weak(left->next, left, std::memory_order_release)) {
  }
}

}  // namespace

// A file that yielded may have something to write; a pipe that is full has.
bool engine_core::holds_accepted_bytes() const noexcept {
  if (!yielded_.empty()) return true;
  for (const backend::request* at = live_; at != nullptr; at = at->live_next)
    if (at->code == opcode::write) return true;
  return std::any_of(watched_.begin(), watched_.end(),
                     [](const poll_waiter* waiter) { return (waiter->events & EPOLLOUT) != 0; });
}

// Turns without delivery: what was accepted for writing is written, the rest is cancelled.
void engine_core::wait_for_in_flight() noexcept {
  const std::int64_t start = sys::now_ns();
  turn_started_ns_ = 0;
  for (;;) {
    turn_.fetch_add(1, std::memory_order_relaxed);  // each look has a budget of its own
    take_ready();
    take_ended();
    resume_yielded();
    backend_->flush();
    const bool writes = holds_accepted_bytes();
    if (live_ == nullptr && !writes) return;
    const std::chrono::nanoseconds waited{sys::now_ns() - start};
    if (waited > (writes ? std::chrono::nanoseconds{grace_for_writes} : grace_for_reads)) return;
    sys::wait_readable(epoll_.get(), 10);
  }
}

void engine_core::shut_down() noexcept {
  if (shut_down_.exchange(true)) return;
  if (generation_ != base_generation()) start_anew();
  yielded_.append(std::move(without_descriptor_));
  for (backend::request* at = live_; at != nullptr; at = at->live_next)
    if (at->code != opcode::write && at->code != opcode::close) backend_->cancel(*at);
  wait_for_in_flight();
  if (live_ != nullptr) {
    // The kernel still has these: whatever they point to lives on, and so does the back end.
    backend_->abandon_in_flight();
    leave_behind(std::move(backend_), live_);
    backend_ = backend::make_backend({.backend = backend_kind::threads,
                                      .concurrent = options_.concurrent,
                                      .memory = options_.memory},
                                     wake_);
  }
  over_ = true;
  resume_yielded();
  cancel_list cancelled;
  {
    std::lock_guard lock(cancel_mutex_);
    cancelled.append(std::move(cancelled_));
  }
  while (call_base* call = cancelled.pop()) call->drop_reference();
  while (call_base* call = ended_.pop()) {
    drop_deadline(*call);
    call->drop_reference();
  }
  drop_spares();
}

// What ends may start something new, which is the child's own: it is linked in front of what was
// inherited, and left alone.
void engine_core::interrupt_in_flight() noexcept {
  backend::request* inherited = live_;
  // The parent's threads go on with these: what they have moved so far is none of the child's
  // business, and nothing of the child's may be put behind them.
  for (backend::request* at = reaped_.front(); at != nullptr; at = at->next) at->in_flight = false;
  for (backend::request* at = live_; at != nullptr; at = at->live_next) {
    if (!at->in_flight) continue;
    at->moved = 0;
    at->followed_by = at;
  }
  // The others had ended before the fork: the child has the results as well.
  while (backend::request* request = reaped_.pop()) {
    if (request == inherited) inherited = request->live_next;
    finish_request(*request);
  }
  while (inherited != nullptr) {
    backend::request& request = *std::exchange(inherited, inherited->live_next);
    request.result = backend::interrupted_by_fork;
    finish_request(request);
  }
}

// In a forked child. The ring, the threads and the descriptors belong to the parent (they share
// open file descriptions, so touching them would disturb it); the number of completion_fd() must
// stay, because the child's loop watches it.
void engine_core::start_anew() noexcept {
  generation_ = base_generation();
  leave_behind(std::move(backend_), nullptr);
  new (&mutex_) base::optional_mutex(options_.concurrent);
  new (&cancel_mutex_) std::mutex;
  wake_ = std::make_shared<backend::wake_up>(sys::make_eventfd());
  sys::replace_descriptor(sys::make_epoll(), epoll_.get());
  make_descriptors();
  backend_ = backend::make_backend(options_, wake_);
  arm_timer_for_earliest();
  for (poll_waiter* waiter : watched_)
    sys::epoll_add(epoll_.get(), waiter->fd, waiter->events | EPOLLONESHOT, waiter);
  interrupt_in_flight();
  wake();
}

}  // namespace ringfiles::detail
