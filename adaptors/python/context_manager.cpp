#include "context_manager.hpp"

#include <memory>

#include "file_object.hpp"
#include "methods.hpp"
#include "open_function.hpp"
#include "operation_object.hpp"

namespace ringfiles::python {
namespace {

struct context_manager {
  PyObject_HEAD PyObject* make_coroutine;  ///< for `arguments` and `entered`
  PyObject* arguments;  ///< of open(), a tuple; null once something was begun, or `coroutine` made
  PyObject* plan;       ///< how the engine opens it; None: it does not; null: nobody said
  PyObject* coroutine;  ///< null until it is asked for
  PyObject* entered;    ///< a list for the coroutine: not empty when `async with` awaits it
  PyObject* opened;     ///< null: not yet, or no more
};

context_manager& of(PyObject* self) noexcept { return *reinterpret_cast<context_manager*>(self); }

/// New, or null with an exception set.
PyObject* make_coroutine(PyObject* maker, PyObject* arguments, PyObject* entered) noexcept {
  const owned last = steal(PyTuple_Pack(1, entered));
  const owned all = last ? steal(PySequence_Concat(arguments, last.ptr())) : owned();
  return all ? PyObject_CallObject(maker, all.ptr()) : nullptr;
}

/// Borrowed, or null with an exception set.
PyObject* coroutine_of(context_manager& self) noexcept {
  if (self.coroutine == nullptr && self.arguments != nullptr) {
    self.entered = PyList_New(0);
    if (self.entered == nullptr) return nullptr;
    self.coroutine = make_coroutine(self.make_coroutine, self.arguments, self.entered);
    if (self.coroutine == nullptr) return nullptr;
    Py_CLEAR(self.arguments);
  }
  if (self.coroutine == nullptr) PyErr_SetString(PyExc_AttributeError, "_coro");
  return self.coroutine;
}

// ---- By the engine ------------------------------------------------------------------------------

/// The path in the sense of open(2), new; null without an exception if it is none.
PyObject* path_of(PyObject* file) noexcept {
  if (PyLong_Check(file)) return nullptr;
  PyObject* path = PyOS_FSPath(file);
  if (path == nullptr) PyErr_Clear();  // whoever opens it then says so better
  return path;
}

/// The awaitable that opens it; null if the engine does not, with or without an exception.
PyObject* open_by_engine(PyObject* manager, bool patient) noexcept {
  context_manager& self = of(manager);
  if (self.arguments == nullptr || self.plan == Py_None || self.opened != nullptr) return nullptr;
  const owned path = steal(path_of(PyTuple_GET_ITEM(self.arguments, 0)));
  if (!path) return nullptr;
  owned used = steal(make_used_operation());
  PyObject* opening = used ? make_open(path.ptr(), self.plan, patient, manager) : nullptr;
  if (opening == nullptr) return nullptr;
  self.coroutine = used.release().ptr();  // to await it again says what a coroutine says then
  Py_CLEAR(self.arguments);
  return opening;
}

PyObject* wait_for_opened(PyObject* self) noexcept {
  static PyObject* const slowly = PyUnicode_InternFromString("_wait");
  PyObject* opening = open_by_engine(self, false);
  if (opening != nullptr || PyErr_Occurred() != nullptr) return opening;
  return PyObject_CallMethodNoArgs(self, slowly);
}

PyObject* enter(PyObject* self, PyObject*) noexcept {
  static PyObject* const slowly = PyUnicode_InternFromString("_enter");
  PyObject* opening = open_by_engine(self, true);
  if (opening != nullptr || PyErr_Occurred() != nullptr) return opening;
  if (of(self).opened == nullptr) {
    if (coroutine_of(of(self)) == nullptr) return nullptr;
    if (of(self).entered != nullptr && PyList_Append(of(self).entered, Py_True) < 0) return nullptr;
  }
  return PyObject_CallMethodNoArgs(self, slowly);
}

PyObject* serve_leave(operation_object& self) noexcept {
  PyObject* closed = close_kind.serve(self);
  if (closed != nullptr) Py_CLEAR(of(self.object).opened);
  return closed;
}

/// A close() that has the manager forget its file.
class leave_pending final : public pending {
 public:
  leave_pending(std::unique_ptr<pending> close, PyObject* manager) noexcept
      : close_(std::move(close)), manager_(borrow(manager)) {}
  detail::call_base& call() noexcept override { return close_->call(); }
  PyObject* result(PyObject* filename) noexcept override {
    PyObject* closed = close_->result(filename);
    if (closed != nullptr) Py_CLEAR(of(manager_.ptr()).opened);
    return closed;
  }

 private:
  std::unique_ptr<pending> close_;
  owned manager_;
};

std::unique_ptr<pending> begin_leave(operation_object& self,
                                     const std::shared_ptr<loop_engine>& engine) {
  auto close = close_kind.begin(self, engine);
  if (!close) return nullptr;
  return std::make_unique<leave_pending>(std::move(close), self.object);
}

constinit const operation_kind leave_kind{"__aexit__", serve_leave, begin_leave};

/// `async with` that ends as it should waits for close(); after an exception there is more to it.
PyObject* leave(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept {
  static PyObject* const slowly = PyUnicode_InternFromString("_leave");
  const arguments given{"__aexit__", values, count};
  if (!given.between(3, 3)) return nullptr;
  PyObject* opened = of(self).opened;
  if (values[0] == Py_None && opened != nullptr && is_as_planned(opened, of(self).plan))
    return make_operation(leave_kind, &file_of(opened), self);
  return PyObject_CallMethodObjArgs(self, slowly, values[0], values[1], values[2], nullptr);
}

// ---- As Python sees it --------------------------------------------------------------------------

int initialize(PyObject* self, PyObject* arguments, PyObject* keywords) noexcept {
  static const char* names[] = {"coro", nullptr};
  PyObject* coroutine = nullptr;
  if (PyArg_ParseTupleAndKeywords(arguments, keywords, "O", const_cast<char**>(names),
                                  &coroutine) == 0)
    return -1;
  Py_XSETREF(of(self).coroutine, Py_NewRef(coroutine));
  return 0;
}

PyObject* get_coroutine(PyObject* self, void*) noexcept {
  return Py_XNewRef(coroutine_of(of(self)));
}

int set_coroutine(PyObject* self, PyObject* value, void*) noexcept {
  Py_CLEAR(of(self).arguments);
  Py_XSETREF(of(self).coroutine, Py_XNewRef(value));
  return 0;
}

PyObject* get_opened(PyObject* self, void*) noexcept {
  return Py_NewRef(of(self).opened != nullptr ? of(self).opened : Py_None);
}

int set_opened_object(PyObject* self, PyObject* value, void*) noexcept {
  Py_XSETREF(of(self).opened, value == Py_None ? nullptr : Py_XNewRef(value));
  return 0;
}

// ---- Life ---------------------------------------------------------------------------------------

int traverse(PyObject* self, visitproc visit, void* arg) noexcept {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(of(self).make_coroutine);
  Py_VISIT(of(self).arguments);
  Py_VISIT(of(self).plan);
  Py_VISIT(of(self).coroutine);
  Py_VISIT(of(self).entered);
  Py_VISIT(of(self).opened);
  return 0;
}

int clear(PyObject* self) noexcept {
  Py_CLEAR(of(self).make_coroutine);
  Py_CLEAR(of(self).arguments);
  Py_CLEAR(of(self).plan);
  Py_CLEAR(of(self).coroutine);
  Py_CLEAR(of(self).entered);
  Py_CLEAR(of(self).opened);
  return 0;
}

/// tp_finalize. It warns as a coroutine that nobody awaits: so one is made, and dropped.
void finalize(PyObject* self) noexcept {
  if (of(self).arguments == nullptr) return;
  saved_exception raised;
  raised.save();
  if (coroutine_of(of(self)) == nullptr) PyErr_WriteUnraisable(nullptr);
  Py_CLEAR(of(self).coroutine);
  raised.restore();
}

void dealloc(PyObject* self) noexcept {
  if (PyObject_CallFinalizerFromDealloc(self) < 0) return;  // saved
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef methods[] = {
    {"__aenter__", as_method(enter), METH_NOARGS, "Opens it."},
    {"__aexit__", as_method(leave), METH_FASTCALL, "Closes it."},
    {"__class_getitem__", as_method(Py_GenericAlias), METH_O | METH_CLASS,
     "Its type parameter is what it opens."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"_coro", get_coroutine, set_coroutine, "What opens it.", nullptr},
    {"_obj", get_opened, set_opened_object, "What was opened; None before and after.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("ContextManager(coro)\n--\n\nWhat open() returns.")},
    {Py_tp_init, reinterpret_cast<void*>(initialize)},
    {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
    {Py_tp_finalize, reinterpret_cast<void*>(finalize)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_am_await, reinterpret_cast<void*>(wait_for_opened)},
    {0, nullptr},
};

PyType_Spec spec = {"ringfiles._ringfiles.ContextManager", sizeof(context_manager), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE, slots};

}  // namespace

void set_opened(PyObject* manager, PyObject* file) noexcept {
  Py_XSETREF(of(manager).opened, Py_NewRef(file));
}

PyObject* open_later(PyObject*, PyObject* const* values, Py_ssize_t count) noexcept {
  if (count != 4) return PyErr_BadArgument(), nullptr;
  auto* type = reinterpret_cast<PyTypeObject*>(values[0]);
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  of(self).make_coroutine = Py_NewRef(values[1]);
  of(self).arguments = Py_NewRef(values[2]);
  of(self).plan = Py_NewRef(values[3]);
  return self;
}

bool add_context_manager_type(PyObject* module) {
  const owned type = steal(PyType_FromSpec(&spec));
  return type && PyModule_AddObjectRef(module, "ContextManager", type.ptr()) == 0;
}

}  // namespace ringfiles::python
