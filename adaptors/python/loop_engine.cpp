#include "loop_engine.hpp"

#include <unordered_map>

#include "errors.hpp"

namespace ringfiles::python {
namespace {

using engine_map = std::unordered_map<PyObject*, std::weak_ptr<loop_engine>>;

/// By loop. Never destroyed: loops are collected until the interpreter has ended.
engine_map& engines() {
  static auto* map = new engine_map;
  return *map;
}

constexpr const char* capsule_name = "ringfiles._ringfiles.engine";

std::shared_ptr<loop_engine>* engine_in(PyObject* capsule) noexcept {
  return static_cast<std::shared_ptr<loop_engine>*>(PyCapsule_GetPointer(capsule, capsule_name));
}

/// Borrowed or null, as asyncio's own function: it does not raise.
PyObject* running_loop() noexcept {
  static PyObject* const ask = [] {
    const owned events = steal(PyImport_ImportModule("asyncio.events"));
    return events ? PyObject_GetAttrString(events.ptr(), "_get_running_loop") : nullptr;
  }();
  if (ask == nullptr) return nullptr;
  const owned loop = steal(PyObject_CallNoArgs(ask));
  return !loop || loop.is_none() ? nullptr : loop.ptr();  // the thread keeps it alive
}

}  // namespace

loop_engine* loop_engine::first_engine = nullptr;
thread_local constinit const loop_engine* loop_engine::latest_engine = nullptr;

loop_engine::loop_engine(PyObject* loop)
    : loop_(loop),
      engine_(std::make_unique<ringfiles::engine>()),
      next_engine_(std::exchange(first_engine, this)) {}

loop_engine::~loop_engine() {
  close();
  loop_engine** at = &first_engine;
  while (*at != this) at = &(*at)->next_engine_;
  *at = next_engine_;
}

std::shared_ptr<loop_engine> loop_engine::of_running_loop() noexcept {
  PyObject* loop = running_loop();
  if (loop == nullptr) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "no running event loop");
    return nullptr;
  }
  try {
    auto engine = engines()[loop].lock();
    if (!engine || engine->closed_) engine = make(loop);
    latest_engine = engine.get();
    return engine;
  } catch (...) {
    raise_current(nullptr);
    return nullptr;
  }
}

std::shared_ptr<loop_engine> loop_engine::make(PyObject* loop) {
  auto made = std::make_shared<loop_engine>(loop);
  if (!made->watch(loop, made)) return nullptr;
  engines()[loop] = made;
  return made;
}

bool loop_engine::watch(PyObject* loop, const std::shared_ptr<loop_engine>& self) noexcept {
  static PyMethodDef turn_method = {"run_completions", turn, METH_NOARGS,
                                    "Delivers what has ended."};
  auto* kept = new (std::nothrow) std::shared_ptr<loop_engine>(self);
  if (kept == nullptr) return PyErr_NoMemory(), false;
  const owned capsule = steal(PyCapsule_New(kept, capsule_name, let_go));
  if (!capsule) return delete kept, false;
  const owned callback = steal(PyCFunction_New(&turn_method, capsule.ptr()));
  if (!callback) return false;
  const owned done = steal(
      PyObject_CallMethod(loop, "add_reader", "iO", engine_->completion_fd(), callback.ptr()));
  return done.is_valid();
}

PyObject* loop_engine::turn(PyObject* capsule, PyObject*) noexcept {
  const std::shared_ptr<loop_engine> self = *engine_in(capsule);
  if (!self->closed_) self->engine_->run_completions();
  Py_RETURN_NONE;
}

/// The loop has no reader any more.
void loop_engine::let_go(PyObject* capsule) noexcept {
  saved_exception raised;
  raised.save();
  auto* kept = engine_in(capsule);
  (*kept)->close();
  delete kept;
  raised.restore();
}

// The core engine stays, ended: files that are still open close without it.
void loop_engine::close() noexcept {
  if (std::exchange(closed_, true)) return;
  if (latest_engine == this) latest_engine = nullptr;
  while (waiting_ != nullptr) waiting_->loop_closed();
  engine_.reset();
  if (const auto found = engines().find(loop_);
      found != engines().end() && (found->second.expired() || found->second.lock().get() == this))
    engines().erase(found);
}

PyObject* loop_engine::create_future() noexcept {
  static PyObject* const name = PyUnicode_InternFromString("create_future");
  return PyObject_CallMethodNoArgs(loop_, name);
}

void loop_engine::link(waiter& added) noexcept {
  added.previous_ = nullptr;
  added.next_ = waiting_;
  if (waiting_ != nullptr) waiting_->previous_ = &added;
  waiting_ = &added;
}

void loop_engine::unlink(waiter& removed) noexcept {
  (removed.previous_ != nullptr ? removed.previous_->next_ : waiting_) = removed.next_;
  if (removed.next_ != nullptr) removed.next_->previous_ = removed.previous_;
}

}  // namespace ringfiles::python
