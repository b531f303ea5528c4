// The engine of an asyncio loop.
//
// A loop gets its engine when it first needs one. The loop itself keeps it: a reader on
// completion_fd() is registered with it, and when the loop is closed, or collected, it lets go of
// the reader, and so of the engine's work. Files keep the engine's memory alive beyond that.
#pragma once

#include <memory>

#include "python.hpp"
#include "ringfiles/engine.hpp"

namespace ringfiles::python {

/// Something that waits for the engine: linked into it, to be let go when the loop is closed.
class waiter {
 public:
  waiter() noexcept = default;
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  /// The loop is closed: nobody will be resumed. Must unlink.
  virtual void loop_closed() noexcept = 0;

 protected:
  ~waiter() = default;

 private:
  friend class loop_engine;
  waiter* previous_ = nullptr;
  waiter* next_ = nullptr;
};

class loop_engine {
 public:
  explicit loop_engine(PyObject* loop);
  ~loop_engine();
  loop_engine(const loop_engine&) = delete;
  loop_engine& operator=(const loop_engine&) = delete;

  /// Of the running loop. Null with RuntimeError set if none runs, or if the engine cannot be made.
  static std::shared_ptr<loop_engine> of_running_loop() noexcept;
  /// The one that was used last on this thread, if its loop is still open. For quick comparisons.
  static const loop_engine* latest() noexcept { return latest_engine; }
  /// All that live now, for statistics.
  template <class Visit>
  static void for_each(Visit visit) {
    for (loop_engine* at = first_engine; at != nullptr; at = at->next_engine_) visit(*at);
  }

  ringfiles::engine& core() noexcept { return *engine_; }
  bool is_closed() const noexcept { return closed_; }
  /// A new future of the loop; REQUIRES that the loop runs.
  PyObject* create_future() noexcept;
  void link(waiter& added) noexcept;
  void unlink(waiter& removed) noexcept;

 private:
  static PyObject* turn(PyObject* capsule, PyObject*) noexcept;
  static void let_go(PyObject* capsule) noexcept;
  static std::shared_ptr<loop_engine> make(PyObject* loop);
  bool watch(PyObject* loop, const std::shared_ptr<loop_engine>& self) noexcept;
  void close() noexcept;

  PyObject* loop_;  ///< borrowed; only compared, and called while it runs
  std::unique_ptr<ringfiles::engine> engine_;
  waiter* waiting_ = nullptr;
  bool closed_ = false;
  loop_engine* next_engine_ = nullptr;
  static loop_engine* first_engine;
  static thread_local constinit const loop_engine* latest_engine;
};

}  // namespace ringfiles::python
