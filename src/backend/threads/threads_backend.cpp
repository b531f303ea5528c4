#include "backend/threads/threads_backend.hpp"

#include <cerrno>

#include "backend/inline_calls.hpp"
#include "backend/threads/blocking_calls.hpp"
#include "backend/threads/pool.hpp"

namespace ringfiles::backend {

std::int64_t threads_backend::try_inline(request& wanted) noexcept { return call_inline(wanted); }

// The rung is noted on this side: cancel() reads it while a thread serves the request.
void threads_backend::submit(request& wanted) noexcept {
  wanted.served = rung::pool;
  wanted.followed_by.store(nullptr, std::memory_order_relaxed);
  pool::instance().submit(wanted, sink_);
}

bool threads_backend::submit_behind(request& first, request& wanted) noexcept {
  if (first.served != rung::pool) return false;
  wanted.served = rung::pool;
  wanted.followed_by.store(nullptr, std::memory_order_relaxed);
  request* none = nullptr;
  return first.followed_by.compare_exchange_strong(none, &wanted, std::memory_order_acq_rel);
}

void threads_backend::serve_blocking(request& wanted) noexcept { call_blocking(wanted); }

// A request that no thread has begun is over at once. One inside a system call is not interrupted:
// that would take a signal handler, which belongs to the program.
void threads_backend::cancel(request& wanted) noexcept {
  wanted.cancel_asked.store(true, std::memory_order_relaxed);
  if (!pool::instance().withdraw(wanted)) return;
  wanted.result = -ECANCELED;
  pool::end(wanted, *sink_);
}

}  // namespace ringfiles::backend
