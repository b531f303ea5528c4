// The engine: one per event loop; it has no thread of its own.
//
//   ringfiles::engine engine;
//   loop.watch_readable(engine.completion_fd(), [&] { engine.run_completions(); });
//
// Any loop that can watch a descriptor can host it. run_completions() delivers what has ended:
// coroutines are resumed and handlers run inside it, after the completion queue was emptied.
// Programs without a loop use ringfiles::run (see <ringfiles/task.hpp>); Boost.Asio programs need
// no engine of their own (see <ringfiles/asio.hpp>).
//
// SAFETY: an engine belongs to one thread at a time, unless it was made `concurrent`. Cancelling
// (std::stop_token) is safe from any thread.
// Fork: a child that uses an inherited engine gets a fresh one under the same completion_fd();
// what was in flight ends there with errc::fork_interrupted and goes on in the parent.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "ringfiles/backend.hpp"
#include "ringfiles/operation.hpp"
#include "ringfiles/statistics.hpp"

namespace ringfiles {

class memory_filesystem;

struct engine_options {
  backend_kind backend = backend_kind::automatic;
  /// Several threads may use the engine's files at once (each file by one of them at a time).
  bool concurrent = false;
  /// The file system in memory to serve from, instead of the kernel's.
  std::shared_ptr<memory_filesystem> memory;
};

class engine {
 public:
  /// ERRORS: error("engine") when the process has no descriptors or memory left.
  explicit engine(engine_options options = {});
  /// Cancels what is in flight. What the kernel does not give back within a grace period of
  /// 100 ms (writes that were accepted: 5 s) stays parked, with its buffers, until the process
  /// ends; destroying never hangs. No other thread may be in a call of this engine meanwhile.
  /// Coroutines that wait are not resumed: their owners destroy them. Open files remain: a call on
  /// one fails at once with errc::engine_ended, but close(), or dropping the handle, writes what is
  /// buffered and closes, on the calling thread.
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Readable when run_completions() has something to do (an epoll descriptor; close-on-exec).
  int completion_fd() const noexcept;

  /// Delivers what has ended, without waiting; one call is one turn. Returns how many calls ended.
  std::size_t run_completions();

  /// Waits until completion_fd() is readable. For loops that have nothing else to watch.
  /// Returns false when `timeout` passed first. Below zero: no limit.
  bool wait(std::chrono::milliseconds timeout = std::chrono::milliseconds{-1}) const;

  /// Nothing started, nothing in flight.
  bool idle() const noexcept;

  statistics stats() const noexcept;
  backend_kind backend() const noexcept;

  /// The engine of this thread: set by engine::scope and by ringfiles::run. May be null.
  static engine* current() noexcept;

  /// Makes an engine the current one of this thread while it lives.
  class scope {
   public:
    explicit scope(engine& engine) noexcept;
    ~scope();
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

   private:
    engine* previous_;
  };

  /// For doors.
  detail::engine_core& core() const noexcept { return *core_; }

 private:
  std::shared_ptr<detail::engine_core> core_;
};

/// Ends after `duration`; may be cancelled.
operation<void> sleep_for(std::chrono::nanoseconds duration);

}  // namespace ringfiles
