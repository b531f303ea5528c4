// Requests on their way through an engine: inline, in flight, parked, ended.
#include <mutex>

#include "engine/engine_core.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {
namespace {

std::int64_t inline_cost_ns(const backend::request& tried, std::int64_t result) noexcept {
  if (result == backend::would_wait)
    return tried.code == opcode::read ? engine_floor::miss_cost_ns : engine_floor::call_cost_ns;
  if (tried.code == opcode::open) return engine_floor::open_cost_ns;
  const std::size_t bytes = result > 0 ? static_cast<std::size_t>(result) : 0;
  return engine_floor::call_cost_ns + engine_floor::copy_cost_ns(bytes);
}

}  // namespace

std::int64_t engine_core::try_inline(backend::request& wanted) noexcept {
  wanted.served = rung::inlined;
  const std::int64_t result = backend_->try_inline(wanted);
  charge(inline_cost_ns(wanted, result));
  if (result == backend::would_wait)
    add(inline_misses_, 1);
  else
    count(wanted.served);
  return result;
}

void engine_core::link(backend::request& wanted) noexcept {
  wanted.live_previous = nullptr;
  wanted.live_next = live_;
  if (live_ != nullptr) live_->live_previous = &wanted;
  live_ = &wanted;
}

void engine_core::unlink(backend::request& wanted) noexcept {
  if (wanted.live_previous != nullptr)
    wanted.live_previous->live_next = wanted.live_next;
  else
    live_ = wanted.live_next;
  if (wanted.live_next != nullptr) wanted.live_next->live_previous = wanted.live_previous;
}

void engine_core::submit(backend::request& wanted) noexcept {
  check_fork();
  bool alone = false;
  {
    std::lock_guard lock(mutex_);
    wanted.in_flight = true;
    link(wanted);
    alone = in_flight_.fetch_add(1, std::memory_order_relaxed) == 0;
  }
  backend_->submit(wanted);
  // At once when nothing else is going on, for latency; else one submit for the whole turn. Outside
  // a turn (a handler of a foreign loop) the next turn is asked for, once.
  if (turn_of_this_thread == this) return;
  if (alone)
    backend_->flush();
  else if (!flush_wanted_.exchange(true, std::memory_order_relaxed))
    wake();
}

bool engine_core::submit_behind(backend::request& first, backend::request& wanted) noexcept {
  {
    std::lock_guard lock(mutex_);
    wanted.in_flight = true;
    link(wanted);
    in_flight_.fetch_add(1, std::memory_order_relaxed);
  }
  if (backend_->submit_behind(first, wanted)) return true;
  std::lock_guard lock(mutex_);
  wanted.in_flight = false;
  unlink(wanted);
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void engine_core::cancel(backend::request& wanted) noexcept {
  if (wanted.in_flight) backend_->cancel(wanted);
}

void engine_core::park(backend::request& wanted) noexcept {
  if (wanted.parked || !wanted.in_flight) return;
  wanted.parked = true;
  parked_.fetch_add(1, std::memory_order_relaxed);
  parked_bytes_.fetch_add(wanted.size, std::memory_order_relaxed);
}

void engine_core::finish_request(backend::request& ended) noexcept {
  {
    std::lock_guard lock(mutex_);
    unlink(ended);
  }
  ended.in_flight = false;
  if (ended.parked) {
    ended.parked = false;
    parked_.fetch_sub(1, std::memory_order_relaxed);
    parked_bytes_.fetch_sub(ended.size, std::memory_order_relaxed);
  }
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  count(ended.served);
  ended.ended(ended);
}

void engine_core::take_ended() noexcept {
  backend_->reap(reaped_);
  std::size_t done = 0;
  while (backend::request* request = reaped_.pop()) {
    finish_request(*request);
    ++done;
    const bool many = turn_started_ns_ != 0 && done >= engine_floor::most_ended_in_a_turn;
    if (!reaped_.empty() && (many || turn_is_over(done))) return wake();
  }
}

// The clock is read for each fourth item only: one alone takes a few microseconds as a rule.
bool engine_core::turn_is_over(std::size_t done) noexcept {
  if (done % 4 != 0 || turn_started_ns_ == 0) return false;
  return sys::now_ns() - turn_started_ns_ > engine_floor::turn_limit_ns;
}

bool engine_core::yield(resumable& later) noexcept {
  std::lock_guard lock(mutex_);
  if (later.queued || over_) return false;
  later.queued = true;
  add(yields_, 1);
  // Whoever finds others waiting rides along with them: each turn that leaves some asks for the
  // next, under this lock.
  const bool first = yielded_.empty();
  yielded_.push(&later);
  if (first) wake();
  return true;
}

// In order, and for half of the budget; one of them at least. The other half is for what the
// resumed ask for next: a program that has opened a file reads it, and would only come to wait
// again. What yields once more is not looked at twice in one turn.
void engine_core::resume_yielded() noexcept {
  std::size_t left = 0;
  {
    std::lock_guard lock(mutex_);
    left = yielded_.size();
  }
  for (bool first = true; left > 0; --left, first = false) {
    if (!first && !allows_more_inline()) break;
    resumable* next = nullptr;
    {
      std::lock_guard lock(mutex_);
      next = yielded_.pop();
      next->queued = false;
    }
    next->resume_work();
  }
  std::lock_guard lock(mutex_);
  if (!yielded_.empty()) wake();
}

}  // namespace ringfiles::detail
