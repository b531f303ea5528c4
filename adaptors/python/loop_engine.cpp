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
thread_local constinit loop_engine* loop_engine::latest_engine = nullptr;

// ---- The reader ---------------------------------------------------------------------------------

/// What the loop calls when completion_fd() is readable.
struct reader_object {
  PyObject_HEAD std::shared_ptr<loop_engine>* engine;  ///< owned; null once it was let go

  static reader_object& of(PyObject* self) noexcept {
    return *reinterpret_cast<reader_object*>(self);
  }

  static PyObject* call(PyObject* self, PyObject*, PyObject*) noexcept {
    if (of(self).engine == nullptr) Py_RETURN_NONE;
    const std::shared_ptr<loop_engine> running = *of(self).engine;
    if (!running->closed_) running->engine_->run_completions();
    Py_RETURN_NONE;
  }

  static int traverse(PyObject* self, visitproc visit, void* arg) noexcept {
    Py_VISIT(Py_TYPE(self));
    return of(self).engine != nullptr ? (*of(self).engine)->traverse(visit, arg) : 0;
  }

  /// The loop has no reader any more.
  static int let_go(PyObject* self) noexcept {
    const std::unique_ptr<std::shared_ptr<loop_engine>> kept(
        std::exchange(of(self).engine, nullptr));
    saved_exception raised;
    raised.save();
    if (kept) (*kept)->close();
    raised.restore();
    return 0;
  }

  static void dealloc(PyObject* self) noexcept {
    PyTypeObject* type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    let_go(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
  }
};

namespace {

PyTypeObject* reader_type = nullptr;

PyType_Slot reader_slots[] = {
    {Py_tp_doc, const_cast<char*>("Delivers what has ended.")},
    {Py_tp_call, reinterpret_cast<void*>(reader_object::call)},
    {Py_tp_traverse, reinterpret_cast<void*>(reader_object::traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(reader_object::let_go)},
    {Py_tp_dealloc, reinterpret_cast<void*>(reader_object::dealloc)},
    {0, nullptr},
};

PyType_Spec reader_spec = {
    "ringfiles._ringfiles.Reader", sizeof(reader_object), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, reader_slots};

/// Null with an exception set.
PyObject* make_reader(const std::shared_ptr<loop_engine>& engine) noexcept {
  auto* made = PyObject_GC_New(reader_object, reader_type);
  if (made == nullptr) return nullptr;
  made->engine = new (std::nothrow) std::shared_ptr<loop_engine>(engine);
  auto* object = reinterpret_cast<PyObject*>(made);
  PyObject_GC_Track(object);
  if (made->engine != nullptr) return object;
  Py_DECREF(object);
  return PyErr_NoMemory();
}

/// asyncio's own loops have the attribute; uvloop's have to be asked.
PyObject* thread_attribute() noexcept {
  static PyObject* const name = PyUnicode_InternFromString("_thread_id");
  return name;
}

/// What it says: a number, or None.
bool is_this_thread(PyObject* thread) noexcept {
  return thread != nullptr && PyLong_Check(thread) &&
         PyLong_AsUnsignedLong(thread) == PyThread_get_thread_ident();
}

}  // namespace

bool make_reader_type() {
  reader_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&reader_spec));
  return reader_type != nullptr;
}

// A child's thread runs no loop, though the parent's loop still names a thread like it.
bool loop_engine::forget_after_fork() {
  static PyMethodDef forget{"forget_loop",
                            [](PyObject*, PyObject*) -> PyObject* {
                              latest_engine = nullptr;
                              Py_RETURN_NONE;
                            },
                            METH_NOARGS, nullptr};
  const owned os = steal(PyImport_ImportModule("os"));
  const owned call = steal(PyCFunction_New(&forget, nullptr));
  if (!os || !call) return false;
  const owned keywords = steal(Py_BuildValue("{sO}", "after_in_child", call.ptr()));
  const owned ask = steal(PyObject_GetAttrString(os.ptr(), "register_at_fork"));
  const owned nothing = steal(PyTuple_New(0));
  return keywords && ask && nothing &&
         steal(PyObject_Call(ask.ptr(), nothing.ptr(), keywords.ptr())).is_valid();
}

// ---- The engine ---------------------------------------------------------------------------------

loop_engine::loop_engine(PyObject* loop)
    : loop_(loop),
      tells_thread_(PyObject_HasAttr(loop, thread_attribute()) != 0),
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

namespace {

/// The first exception of a thread takes memory, and without it the process ends (glibc 2.36): so
/// it should not be the one that says so.
void throw_once() noexcept {
  try {
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace

std::shared_ptr<loop_engine> loop_engine::make(PyObject* loop) {
  throw_once();
  auto made = std::make_shared<loop_engine>(loop);
  if (!made->watch(loop, made)) return nullptr;
  engines()[loop] = made;
  return made;
}

bool loop_engine::watch(PyObject* loop, const std::shared_ptr<loop_engine>& self) noexcept {
  const owned reader = steal(make_reader(self));
  if (!reader) return false;
  const owned done =
      steal(PyObject_CallMethod(loop, "add_reader", "iO", engine_->completion_fd(), reader.ptr()));
  return done.is_valid();
}

bool loop_engine::runs_here() const noexcept {
  static PyObject* const is_running = PyUnicode_InternFromString("is_running");
  if (closed_) return false;
  const owned said = steal(tells_thread_ ? PyObject_GetAttr(loop_, thread_attribute())
                                         : PyObject_CallMethodNoArgs(loop_, is_running));
  const bool runs =
      tells_thread_ ? is_this_thread(said.ptr()) : said.is_valid() && said.ptr() == Py_True;
  if (PyErr_Occurred() != nullptr) PyErr_Clear();
  return runs;
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

int loop_engine::traverse(visitproc visit, void* arg) const noexcept {
  for (const waiter* at = waiting_; at != nullptr; at = at->next_) Py_VISIT(at->future());
  return 0;
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
