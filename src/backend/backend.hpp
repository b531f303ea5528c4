// The seam: what the engine needs of whoever serves requests.
//
// uring/, threads/ and memory/ implement it; choose.cpp picks one; nothing above this floor knows
// which. A back end never calls user code and never runs request::ended: it hands ended requests
// back in reap(), and the engine takes it from there.
#pragma once

#include <cstdint>
#include <memory>

#include "backend/request.hpp"
#include "ringfiles/backend.hpp"
#include "ringfiles/statistics.hpp"

namespace ringfiles::backend {

/// Answer of try_inline: would have to wait.
inline constexpr std::int64_t would_wait = -11;  // -EAGAIN

class backend {
 public:
  virtual ~backend() = default;
  virtual backend_kind kind() const noexcept = 0;

  /// Serves the request on this thread if that cannot wait: bytes moved (perhaps fewer than
  /// asked), a descriptor, 0, or -errno; `would_wait` if not. Leaves `request.moved` alone.
  /// SAFETY: any thread.
  virtual std::int64_t try_inline(request& wanted) noexcept = 0;

  /// Takes a request; it comes back through reap(), always, once. May be held until flush().
  virtual void submit(request& wanted) noexcept = 0;
  /// Has `wanted` served right after `first`, if that succeeds, without a detour through the
  /// engine; else it ends with ECANCELED. Ended, they come back in this order. False, with nothing
  /// done: `first` has ended, or is not served by a thread. REQUIRES: nothing else follows `first`.
  virtual bool submit_behind(request& first, request& wanted) noexcept {
    static_cast<void>(first), static_cast<void>(wanted);
    return false;
  }
  /// Sends what submit() held back. Called once per turn, and at once when nothing is in flight.
  virtual void flush() noexcept {}
  /// Tries to end a submitted request early; it still comes back through reap().
  virtual void cancel(request& wanted) noexcept = 0;
  /// Gives back what has ended. Does not wait.
  virtual void reap(request_queue& ended) noexcept = 0;

  /// Serves the request on this thread, however long it takes: for a file that outlives its engine.
  virtual void serve_blocking(request& wanted) noexcept = 0;

  /// Lets go of requests that do not come back: they and their memory stay with the back end,
  /// which then stays alive until the process ends.
  virtual void abandon_in_flight() noexcept {}

  virtual void add_to(statistics& stats) const noexcept = 0;
};

/// Wakes the engine: becomes readable when reap() has something. Shared with threads that may
/// outlive the engine.
class wake_up {
 public:
  explicit wake_up(int eventfd) noexcept : eventfd_(eventfd) {}
  ~wake_up();
  wake_up(const wake_up&) = delete;
  int fd() const noexcept { return eventfd_; }
  void signal() noexcept;

 private:
  int eventfd_;
};

}  // namespace ringfiles::backend
