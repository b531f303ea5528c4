#include "operation_object.hpp"

#include <array>

#include "errors.hpp"
#include "file_object.hpp"

namespace ringfiles::python {

PyTypeObject* operation_type = nullptr;

// ---- The protocol -------------------------------------------------------------------------------

namespace {

operation_object& of(PyObject* self) noexcept { return *reinterpret_cast<operation_object*>(self); }

PyObject* filename_of(const operation_object& self) noexcept {
  if (self.file != nullptr) return self.file->name;
  const bool has_arguments = self.object != nullptr && PyTuple_Check(self.object);
  return has_arguments ? PyTuple_GET_ITEM(self.object, 0) : self.object;
}

/// It is over and keeps nothing but its file: it is not for the collector to visit, so a circle
/// through its argument, or the exception that it was to raise, would never end.
void let_go(operation_object& self) noexcept {
  self.at = operation_object::state::over;
  if (self.waits != nullptr) {
    // What it has read and not given goes back, unless somebody has gone on behind it.
    if (self.file != nullptr) self.file->buffers();
    delete std::exchange(self.waits, nullptr);
  }
  Py_CLEAR(self.object);
}

/// The same, with an exception set or not.
void end(operation_object& self) noexcept {
  saved_exception raised;
  raised.save();
  let_go(self);
  if (raised) raised.restore();
}

/// From outside, and not by the task that waits: that shall learn of it, and not wait for ever.
void end_early(operation_object& self) noexcept {
  const bool waits = self.waits != nullptr && self.waits->future() != nullptr;
  const owned future = waits ? borrow(self.waits->future()) : owned();
  end(self);  // what it waits for goes on without it
  if (future) suspension::wake(future);
}

PySendResult finish(operation_object& self, PyObject* value, PyObject** result) noexcept {
  *result = value;
  if (value == nullptr) return end(self), PYGEN_ERROR;
  let_go(self);
  return PYGEN_RETURN;
}

PySendResult fail(operation_object& self, PyObject** result) noexcept {
  end(self);
  *result = nullptr;
  return PYGEN_ERROR;
}

/// Yields the future in the way that asyncio's tasks understand.
PySendResult yield(operation_object& self, PyObject** result) noexcept {
  PyObject* future = self.waits->future();
  static PyObject* const blocking = PyUnicode_InternFromString("_asyncio_future_blocking");
  if (PyObject_SetAttr(future, blocking, Py_True) < 0) return fail(self, result);
  self.at = operation_object::state::waiting;
  *result = new_reference(future);
  return PYGEN_NEXT;
}

/// A call that ended: its value, or the call that follows it.
PySendResult go_on(operation_object& self, PyObject** result) noexcept;

PySendResult wait(operation_object& self, PyObject** result) noexcept {
  try {
    if (self.waits->call()->call().try_now()) return go_on(self, result);
    if (self.waits->begin() == nullptr) return fail(self, result);
  } catch (...) {
    raise_current(filename_of(self));
    return fail(self, result);
  }
  return yield(self, result);
}

PySendResult go_on(operation_object& self, PyObject** result) noexcept {
  const std::unique_ptr<pending> ended = std::move(self.waits->call());
  PyObject* value = ended->result(filename_of(self));
  if (value == nullptr && PyErr_Occurred() == nullptr) {
    try {
      self.waits->call() = ended->next();
    } catch (...) {
      raise_current(filename_of(self));
    }
    if (self.waits->call()) return wait(self, result);
  }
  return finish(self, value, result);
}

/// Null with an exception set. Asking for the running loop costs a system call in CPython 3.11;
/// whether the loop that this thread used last still runs costs a look.
std::shared_ptr<loop_engine> engine_for(operation_object& self) noexcept {
  loop_engine* latest = loop_engine::latest();
  const bool suits =
      latest != nullptr &&
      (self.file != nullptr ? self.file->open->engine.get() == latest : latest->tells_thread()) &&
      latest->runs_here();
  auto engine = suits ? latest->shared_from_this() : loop_engine::of_running_loop();
  if (engine && self.file != nullptr && !self.file->belongs_to(*engine)) return nullptr;
  return engine;
}

PySendResult begin(operation_object& self, PyObject** result) noexcept {
  const auto engine = engine_for(self);
  if (!engine) return fail(self, result);
  try {
    std::unique_ptr<pending> call = self.kind->begin(self, engine);
    if (!call) return fail(self, result);
    self.waits = new suspension(engine, std::move(call));
  } catch (...) {
    raise_current(filename_of(self));
    return fail(self, result);
  }
  return wait(self, result);
}

PySendResult resume(operation_object& self, PyObject** result) noexcept {
  if (self.waits->has_ended()) return go_on(self, result);
  if (self.waits->call()) return yield(self, result);  // woken by somebody else
  PyErr_SetString(PyExc_RuntimeError, "Event loop is closed");
  return fail(self, result);
}

void raise_reused() noexcept {
  PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
}

/// An iterator of writelines() may know the awaitable that it is called by.
bool check_not_running(const operation_object& self) noexcept {
  if (self.at != operation_object::state::running) return true;
  PyErr_SetString(PyExc_ValueError, "coroutine already executing");
  return false;
}

}  // namespace

PySendResult send_operation(PyObject* object, PyObject*, PyObject** result) noexcept {
  operation_object& self = of(object);
  *result = nullptr;
  if (!check_not_running(self)) return PYGEN_ERROR;
  switch (std::exchange(self.at, operation_object::state::running)) {
    case operation_object::state::fresh: {
      PyObject* value = self.kind->serve(self);
      if (value != nullptr || PyErr_Occurred() != nullptr) return finish(self, value, result);
      return begin(self, result);
    }
    case operation_object::state::waiting:
      return resume(self, result);
    default:
      raise_reused();
      return fail(self, result);
  }
}

namespace {

PyObject* as_generator(PySendResult sent, PyObject* value) noexcept {
  if (sent != PYGEN_RETURN) return value;
  raise_stop_iteration(value);
  Py_DECREF(value);
  return nullptr;
}

PyObject* iternext(PyObject* self) noexcept {
  PyObject* value = nullptr;
  const PySendResult sent = send_operation(self, Py_None, &value);
  return as_generator(sent, value);
}

PyObject* send(PyObject* self, PyObject* argument) noexcept {
  PyObject* value = nullptr;
  const PySendResult sent = send_operation(self, argument, &value);
  return as_generator(sent, value);
}

/// An exception, or its class and a value for it: anything else may not be raised.
bool can_be_thrown(PyObject* thrown, PyObject* value, PyObject* traceback) noexcept {
  const char* wrong = nullptr;
  if (!PyExceptionInstance_Check(thrown) && !PyExceptionClass_Check(thrown))
    wrong = "exceptions must be classes or instances deriving from BaseException";
  else if (PyExceptionInstance_Check(thrown) && value != nullptr)
    wrong = "instance exception may not have a separate value";
  else if (traceback != nullptr && !PyTraceBack_Check(traceback))
    wrong = "throw() third argument must be a traceback object";
  if (wrong != nullptr) PyErr_SetString(PyExc_TypeError, wrong);
  return wrong == nullptr;
}

/// throw(value) or throw(type[, value[, traceback]]).
PyObject* throw_into(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  operation_object& self = of(object);
  if (count < 1 || count > 3) {
    PyErr_SetString(PyExc_TypeError, "throw() takes from 1 to 3 arguments");
    return nullptr;
  }
  PyObject* type = arguments[0];
  PyObject* value = count > 1 && arguments[1] != Py_None ? arguments[1] : nullptr;
  PyObject* traceback = count > 2 && arguments[2] != Py_None ? arguments[2] : nullptr;
  if (!can_be_thrown(type, value, traceback)) return nullptr;
  if (!check_not_running(self)) return nullptr;
  if (self.at == operation_object::state::over) return raise_reused(), nullptr;
  end_early(self);
  if (PyExceptionInstance_Check(type)) {
    value = type;
    type = PyExceptionInstance_Class(type);
  }
  PyErr_Restore(Py_NewRef(type), Py_XNewRef(value), Py_XNewRef(traceback));
  return nullptr;
}

PyObject* close(PyObject* self, PyObject*) noexcept {
  if (!check_not_running(of(self))) return nullptr;
  end_early(of(self));
  Py_RETURN_NONE;
}

PyObject* itself(PyObject* self) noexcept { return new_reference(self); }

// ---- Life ---------------------------------------------------------------------------------------

/// Awaitables come and go with every call: the last few are kept.
constexpr std::size_t most_kept = 32;
std::array<operation_object*, most_kept> kept_operations;
std::size_t kept_count = 0;

void warn_never_awaited(operation_object& self) noexcept {
  saved_exception raised;
  raised.save();
  const char* owner = self.file != nullptr ? Py_TYPE(self.file)->tp_name : "ringfiles";
  if (PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "coroutine '%s.%s' was never awaited", owner,
                       self.kind->name) < 0)
    PyErr_WriteUnraisable(nullptr);
  raised.restore();
}

void dealloc(PyObject* object) noexcept {
  operation_object& self = of(object);
  if (self.at == operation_object::state::fresh) warn_never_awaited(self);
  let_go(self);
  Py_XDECREF(reinterpret_cast<PyObject*>(self.file));
  if (kept_count < most_kept) {
    kept_operations[kept_count++] = &self;
    return;
  }
  PyObject_Free(object);
  Py_DECREF(operation_type);
}

operation_object* allocate() noexcept {
  if (kept_count > 0) {
    operation_object* kept = kept_operations[--kept_count];
    _Py_NewReference(reinterpret_cast<PyObject*>(kept));
    return kept;
  }
  return PyObject_New(operation_object, operation_type);
}

PyObject* repr(PyObject* object) noexcept {
  const operation_object& self = of(object);
  static constexpr const char* words[] = {"not started", "running", "suspended", "closed"};
  return PyUnicode_FromFormat("<ringfiles operation %s (%s) at %p>", self.kind->name,
                              words[static_cast<int>(self.at)], static_cast<void*>(object));
}

PyObject* name(PyObject* object, void*) noexcept {
  return PyUnicode_FromString(of(object).kind->name);
}

PyObject* awaits_on(PyObject* object, void*) noexcept {
  const operation_object& self = of(object);
  PyObject* future = self.waits != nullptr ? self.waits->future() : nullptr;
  return new_reference(future != nullptr ? future : Py_None);
}

PyObject* is_running(PyObject* object, void*) noexcept {
  return PyBool_FromLong(of(object).at == operation_object::state::running ? 1 : 0);
}

template <class Function>
PyCFunction as_method(Function function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"send", as_method(send), METH_O, "Goes on, as Coroutine.send()."},
    {"throw", as_method(throw_into), METH_FASTCALL,
     "Ends it with an exception, as Coroutine.throw(); a read consumes nothing then."},
    {"close", as_method(close), METH_NOARGS, "Ends it, as Coroutine.close()."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"__name__", name, nullptr, "The method that it came from.", nullptr},
    {"__qualname__", name, nullptr, nullptr, nullptr},
    {"cr_await", awaits_on, nullptr, "The future that it waits for, or None.", nullptr},
    {"cr_running", is_running, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("An operation on a file; nothing happens until it is awaited.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_repr, reinterpret_cast<void*>(repr)},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_am_await, reinterpret_cast<void*>(itself)},
    {Py_am_send, reinterpret_cast<void*>(send_operation)},
    {Py_tp_iter, reinterpret_cast<void*>(itself)},
    {Py_tp_iternext, reinterpret_cast<void*>(iternext)},
    {0, nullptr},
};

PyType_Spec spec = {"ringfiles._ringfiles.Operation", sizeof(operation_object), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

}  // namespace

PyObject* make_operation(const operation_kind& kind, file_object* file, PyObject* object,
                         Py_ssize_t number, Py_ssize_t second) noexcept {
  operation_object* made = allocate();
  if (made == nullptr) return nullptr;
  made->kind = &kind;
  made->file = reinterpret_cast<file_object*>(Py_XNewRef(reinterpret_cast<PyObject*>(file)));
  made->object = Py_XNewRef(object);
  made->number = number;
  made->second = second;
  made->waits = nullptr;
  made->at = operation_object::state::fresh;
  return reinterpret_cast<PyObject*>(made);
}

namespace {

PyObject* serve_failed(operation_object& self) noexcept {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(self.object)), self.object);
  return nullptr;
}

std::unique_ptr<pending> begin_failed(operation_object&, const std::shared_ptr<loop_engine>&) {
  return nullptr;
}

constinit const operation_kind failed_kind{"call", serve_failed, begin_failed};

}  // namespace

PyObject* raise_when_awaited(file_object* file) noexcept {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  const owned kept_type = steal(type);
  const owned kept_value = steal(value);
  const owned kept_traceback = steal(traceback);
  return make_operation(failed_kind, file, value);
}

PyObject* make_used_operation() noexcept {
  PyObject* made = make_operation(failed_kind, nullptr);
  if (made != nullptr) of(made).at = operation_object::state::over;
  return made;
}

/// Coroutine.register(), so that create_task() and gather() take it for one.
bool add_operation_type(PyObject* module) {
  operation_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (operation_type == nullptr) return false;
  auto* type = reinterpret_cast<PyObject*>(operation_type);
  if (PyModule_AddObjectRef(module, "Operation", type) < 0) return false;
  const owned abc = steal(PyImport_ImportModule("collections.abc"));
  if (!abc) return false;
  const owned coroutine = steal(PyObject_GetAttrString(abc.ptr(), "Coroutine"));
  if (!coroutine) return false;
  return steal(PyObject_CallMethod(coroutine.ptr(), "register", "O", type)).is_valid();
}

}  // namespace ringfiles::python
