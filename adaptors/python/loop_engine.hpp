// The engine of an asyncio loop.
//
// A loop gets its engine when it first needs one. The loop itself keeps it: a reader on
// completion_fd() is registered with it, and when the loop is closed, or collected, it lets go of
// the reader, and so of the engine's work. Files keep the engine's memory alive beyond that.
//
// The reader shows the collector the futures that are waited for: so they live as long as the loop,
// whoever else has forgotten them, and a loop that was forgotten with them is garbage.
#pragma once

#include <memory>

#include "python.hpp"
#include "ringfiles/engine.hpp"

namespace ringfiles::python {

struct reader_object;

/// Something that waits for the engine: linked into it, to be let go when the loop is closed.
class waiter {
 public:
  waiter() noexcept = default;
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  /// The loop is closed: nobody will be resumed. Must unlink.
  virtual void loop_closed() noexcept = 0;
  /// What the loop's garbage collection has to know of: owned by this object. May be null.
  virtual PyObject* future() const noexcept = 0;

 protected:
  ~waiter() = default;

 private:
  friend class loop_engine;
  waiter* previous_ = nullptr;
  waiter* next_ = nullptr;
};

class loop_engine : public std::enable_shared_from_this<loop_engine> {
 public:
  explicit loop_engine(PyObject* loop);
  ~loop_engine();
  loop_engine(const loop_engine&) = delete;
  loop_engine& operator=(const loop_engine&) = delete;

  /// Of the running loop. Null with RuntimeError set if none runs, or if the engine cannot be made.
  static std::shared_ptr<loop_engine> of_running_loop() noexcept;
  /// The one that was used last on this thread, if its loop is still open. For quick comparisons.
  static loop_engine* latest() noexcept { return latest_engine; }
  /// Has forked children begin without a latest one. False with an exception set.
  static bool forget_after_fork();
  /// All that live now, for statistics.
  template <class Visit>
  static void for_each(Visit visit) {
    for (loop_engine* at = first_engine; at != nullptr; at = at->next_engine_) visit(*at);
  }

  ringfiles::engine& core() noexcept { return *engine_; }
  bool is_closed() const noexcept { return closed_; }
  /// Whether its loop runs on this thread. Only loops that do not tell their thread may also run on
  /// another one, if this is the latest of both.
  bool runs_here() const noexcept;
  bool tells_thread() const noexcept { return tells_thread_; }
  /// A new future of the loop; REQUIRES that the loop runs.
  PyObject* create_future() noexcept;
  void link(waiter& added) noexcept;
  void unlink(waiter& removed) noexcept;

 private:
  friend struct reader_object;

  int traverse(visitproc visit, void* arg) const noexcept;
  static std::shared_ptr<loop_engine> make(PyObject* loop);
  bool watch(PyObject* loop, const std::shared_ptr<loop_engine>& self) noexcept;
  void close() noexcept;

  PyObject* loop_;  ///< borrowed, and gone when `closed_`
  const bool tells_thread_;
  std::unique_ptr<ringfiles::engine> engine_;
  waiter* waiting_ = nullptr;
  bool closed_ = false;
  loop_engine* next_engine_ = nullptr;
  static loop_engine* first_engine;
  static thread_local constinit loop_engine* latest_engine;
};

/// Makes the type of the readers. False with an exception set.
bool make_reader_type();

}  // namespace ringfiles::python
