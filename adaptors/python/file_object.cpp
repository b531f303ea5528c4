#include "file_object.hpp"

#include <cstring>
#include <new>

#include "errors.hpp"

namespace ringfiles::python {

// ---- Checks -------------------------------------------------------------------------------------

bool file_object::belongs_to(const loop_engine& engine) const noexcept {
  if (open->engine.get() == &engine) return true;
  PyErr_Format(PyExc_RuntimeError, "%R is attached to a different loop", this);
  return false;
}

bool file_object::check_open_slowly(const char* closed_message) noexcept {
  return check_there(closed_message) && (!open->shared || follow_descriptor());
}

bool file_object::check_there(const char* closed_message) noexcept {
  if (open->detached) {
    raise_closed(is_text() ? "underlying buffer has been detached"
                           : "raw stream has been detached");
    return false;
  }
  if (open->closed) return raise_closed(closed_message), false;
  const auto engine = loop_engine::of_running_loop();
  return engine && belongs_to(*engine);
}

/// What was written through `buffer` or `raw` goes first.
bool file_object::follow_descriptor() noexcept {
  static PyObject* const beside = PyUnicode_InternFromString("_bypass");
  auto* self = reinterpret_cast<PyObject*>(this);
  const owned other = steal(PyObject_GetAttr(self, beside));
  if (!other) return false;
  if (!other.is_none() && !steal(PyObject_CallMethod(other.ptr(), "flush", nullptr))) return false;
  const int result = buffers().follow_position();
  if (result == 0) return true;
  raise(error({-result, std::generic_category()}, "lseek", {}), name);
  return false;
}

bool file_object::check_readable(const char* method) const noexcept {
  if (open->file.readable()) return true;
  raise_unsupported(is_text()                  ? "not readable"
                    : kind() == file_kind::raw ? "File not open for reading"
                                               : method);
  return false;
}

bool file_object::check_writable() const noexcept {
  if (open->file.writable()) return true;
  raise_unsupported(is_text()                  ? "not writable"
                    : kind() == file_kind::raw ? "File not open for writing"
                                               : "write");
  return false;
}

// ---- Properties ---------------------------------------------------------------------------------

namespace {

PyObject* get_name(PyObject* self, void*) noexcept {
  return new_reference(file_of(self).open->choices.name.ptr());
}
/// tempfile names what it has opened by its descriptor.
int set_name(PyObject* self, PyObject* value, void*) noexcept {
  if (value == nullptr) return PyErr_SetString(PyExc_AttributeError, "name"), -1;
  file_object& file = file_of(self);
  file.open->choices.name = borrow(value);
  file.name = value;
  return 0;
}
PyObject* get_mode(PyObject* self, void*) noexcept {
  return new_reference(file_of(self).open->choices.mode.ptr());
}
PyObject* get_encoding(PyObject* self, void*) noexcept {
  return new_reference(file_of(self).open->choices.encoding.ptr());
}
PyObject* get_errors(PyObject* self, void*) noexcept {
  return new_reference(file_of(self).open->choices.errors.ptr());
}
PyObject* get_line_buffering(PyObject* self, void*) noexcept {
  return PyBool_FromLong(file_of(self).open->choices.line_buffering ? 1 : 0);
}

/// The argument `newline` of open().
PyObject* get_newline(PyObject* self, void*) noexcept {
  switch (file_of(self).format().newline) {
    case newline::universal:
      Py_RETURN_NONE;
    case newline::untranslated:
      return PyUnicode_FromString("");
    case newline::lf:
      return PyUnicode_FromString("\n");
    case newline::cr:
      return PyUnicode_FromString("\r");
    default:
      return PyUnicode_FromString("\r\n");
  }
}
PyObject* get_has_read(PyObject* self, void*) noexcept {
  return PyBool_FromLong(file_of(self).open->has_read ? 1 : 0);
}
PyObject* get_write_through(PyObject* self, void*) noexcept {
  return PyBool_FromLong(file_of(self).open->choices.write_through ? 1 : 0);
}

PyObject* get_closed(PyObject* self, void*) noexcept {
  file_object& file = file_of(self);
  if (file.open->detached) return file.check_open_slowly(""), nullptr;
  return PyBool_FromLong(file.open->closed ? 1 : 0);
}

/// None, a str, or a tuple of them.
PyObject* get_newlines(PyObject* self, void*) noexcept {
  const file_object& file = file_of(self);
  const unsigned seen = file.format().is_universal() ? file.open->window.seen_newlines() : 0;
  switch (seen) {
    case 0:
      Py_RETURN_NONE;
    case seen_lf:
      return PyUnicode_FromString("\n");
    case seen_cr:
      return PyUnicode_FromString("\r");
    case seen_crlf:
      return PyUnicode_FromString("\r\n");
    case seen_cr | seen_lf:
      return Py_BuildValue("(ss)", "\r", "\n");
    case seen_crlf | seen_lf:
      return Py_BuildValue("(ss)", "\n", "\r\n");
    case seen_cr | seen_crlf:
      return Py_BuildValue("(ss)", "\r", "\r\n");
    default:
      return Py_BuildValue("(sss)", "\r", "\n", "\r\n");
  }
}

PyGetSetDef common_properties[] = {
    {"name", get_name, set_name, "The path, or descriptor, that it was opened with.", nullptr},
    {"mode", get_mode, nullptr, "The mode, as Python's own file objects tell it.", nullptr},
    {"closed", get_closed, nullptr, "Whether close() has ended.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyGetSetDef text_properties[] = {
    {"name", get_name, set_name, "The path, or descriptor, that it was opened with.", nullptr},
    {"mode", get_mode, nullptr, "The mode that it was opened with.", nullptr},
    {"closed", get_closed, nullptr, "Whether close() has ended.", nullptr},
    {"encoding", get_encoding, nullptr, "The name of the encoding.", nullptr},
    {"errors", get_errors, nullptr, "The name of the error handler.", nullptr},
    {"line_buffering", get_line_buffering, nullptr, "Whether each line is flushed.", nullptr},
    {"write_through", get_write_through, nullptr, "Whether each write is flushed.", nullptr},
    {"_has_read", get_has_read, nullptr, nullptr, nullptr},
    {"_newline", get_newline, nullptr, nullptr, nullptr},
    {"newlines", get_newlines, nullptr, "The line ends met so far: None, a str, or a tuple.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

// ---- Life ---------------------------------------------------------------------------------------

/// tp_finalize: the object is alive once more while it is warned about.
void finalize(PyObject* self) noexcept {
  file_state_of_python* state = file_of(self).open;
  if (state == nullptr || state->closed || state->detached || std::exchange(state->warned, true))
    return;
  saved_exception raised;
  raised.save();
  if (PyErr_ResourceWarning(self, 1, "unclosed file %R", self) < 0) PyErr_WriteUnraisable(self);
  raised.restore();
}

// Dropping the core's file closes it in the background; what was buffered is still written.
void dealloc(PyObject* self) noexcept {
  PyTypeObject* type = Py_TYPE(self);
  if (!PyType_IS_GC(type) && PyObject_CallFinalizerFromDealloc(self) < 0) return;  // saved
  file_object& file = file_of(self);
  if (file_state_of_python* state = std::exchange(file.open, nullptr)) {
    state->window.settle(state->buffers);
    delete state;
  }
  type->tp_free(self);
  Py_DECREF(type);
}

/// There is no file without open().
PyObject* refuse_to_make(PyTypeObject* type, PyObject*, PyObject*) noexcept {
  PyErr_Format(PyExc_TypeError, "cannot create '%.100s' instances: use ringfiles.open()",
               type->tp_name);
  return nullptr;
}

PyObject* repr(PyObject* self) noexcept {
  const file_object& file = file_of(self);
  const file_choices& choices = file.open->choices;
  if (!file.is_text())
    return PyUnicode_FromFormat("<%s name=%R mode=%R>", Py_TYPE(self)->tp_name, choices.name.ptr(),
                                choices.mode.ptr());
  return PyUnicode_FromFormat("<%s name=%R mode=%R encoding=%R>", Py_TYPE(self)->tp_name,
                              choices.name.ptr(), choices.mode.ptr(), choices.encoding.ptr());
}

PyObject* itself(PyObject* self) noexcept { return new_reference(self); }

/// A new type in the module; null with an exception set. Slots without a value are inherited.
PyObject* add_type(PyObject* module, const char* name, const char* doc, PyMethodDef* methods,
                   PyGetSetDef* properties, PyObject* base = nullptr) noexcept {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(doc)},
      {Py_tp_new, reinterpret_cast<void*>(refuse_to_make)},
      {Py_tp_finalize, reinterpret_cast<void*>(finalize)},
      {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
      {Py_tp_repr, reinterpret_cast<void*>(repr)},
      {Py_tp_methods, methods},
      {Py_tp_getset, properties},
      {Py_am_aiter, reinterpret_cast<void*>(itself)},
      {Py_am_anext, reinterpret_cast<void*>(next_line_operation)},
      {0, nullptr},
  };
  PyType_Spec spec = {name, sizeof(file_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                      slots};
  const owned bases = base != nullptr ? steal(PyTuple_Pack(1, base)) : owned();
  owned type = steal(PyType_FromSpecWithBases(&spec, bases.ptr()));
  const char* short_name = std::strrchr(name, '.') + 1;
  if (!type || PyModule_AddObjectRef(module, short_name, type.ptr()) < 0) return nullptr;
  return type.release().ptr();  // lives as long as the process
}

}  // namespace

bool add_file_types(PyObject* module) {
  PyObject* buffered = add_type(module, "ringfiles._ringfiles.BufferedFile",
                                "An open file of bytes.", buffered_methods, common_properties);
  return buffered != nullptr &&
         add_type(module, "ringfiles._ringfiles.ReadableFile", "An open file of bytes to read.",
                  readable_methods, common_properties, buffered) != nullptr &&
         add_type(module, "ringfiles._ringfiles.TextFile", "An open file of text.", text_methods,
                  text_properties) != nullptr &&
         add_type(module, "ringfiles._ringfiles.RawFile", "An open file without a buffer.",
                  raw_methods, common_properties) != nullptr;
}

PyObject* make_file(ringfiles::file&& opened, const std::shared_ptr<loop_engine>& engine,
                    const file_choices& choices) noexcept {
  auto* type = reinterpret_cast<PyTypeObject*>(choices.type.ptr());
  auto* state = new (std::nothrow) file_state_of_python;
  if (state == nullptr) return PyErr_NoMemory();
  state->file = std::move(opened);
  state->buffers = detail::file_buffers(state->file);
  state->engine = engine;
  try {
    state->choices = choices;
  } catch (...) {
    delete state;
    return PyErr_NoMemory();
  }
  if (choices.buffering_by_default && state->file.is_terminal())
    state->choices.line_buffering = true;
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return delete state, nullptr;
  file_of(self).open = state;
  file_of(self).name = state->choices.name.ptr();
  return self;
}

}  // namespace ringfiles::python
