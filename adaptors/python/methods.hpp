// How the methods of the file types are written: arguments are taken when a method is called, and
// all that needs the file happens when its awaitable is awaited.
#pragma once

#include <optional>

#include "file_object.hpp"
#include "operation_object.hpp"
#include "python.hpp"

namespace ringfiles::python {

/// What a closed file says: in the words of io.TextIOWrapper, of the buffered classes, of FileIO.
inline const char* closed_words(const file_object& file, const char* of_buffered) noexcept {
  return file.is_text()                       ? "I/O operation on closed file."
         : file.kind() == file_kind::buffered ? of_buffered
                                              : "I/O operation on closed file";
}

/// The arguments of a METH_FASTCALL method. Each function sets an exception and gives false (or
/// nothing) when it does not get what it wants.
struct arguments {
  const char* method;
  PyObject* const* values;
  Py_ssize_t count;

  bool at_most(Py_ssize_t most) const noexcept {
    if (count <= most) return true;
    PyErr_Format(PyExc_TypeError, "%s expected at most %zd argument%s, got %zd", method, most,
                 most == 1 ? "" : "s", count);
    return false;
  }
  bool between(Py_ssize_t least, Py_ssize_t most) const noexcept {
    if (!at_most(most)) return false;
    if (count >= least) return true;
    PyErr_Format(PyExc_TypeError, "%s expected at least %zd argument%s, got %zd", method, least,
                 least == 1 ? "" : "s", count);
    return false;
  }
  /// An int, or what has __index__.
  bool number(Py_ssize_t index, Py_ssize_t otherwise, Py_ssize_t& into) const noexcept {
    into = otherwise;
    if (index >= count) return true;
    const owned whole = steal(PyNumber_Index(values[index]));
    if (!whole) return false;
    into = PyLong_AsSsize_t(whole.ptr());
    return into != -1 || PyErr_Occurred() == nullptr;
  }
  /// A place in a file, as `kind` takes it.
  bool offset(Py_ssize_t index, file_kind kind, Py_ssize_t& into) const noexcept {
    const owned whole = steal(PyNumber_Index(values[index]));
    if (!whole) return false;
    into = PyLong_AsLong(whole.ptr());
    if (into != -1 || PyErr_Occurred() == nullptr) return true;
    if (kind == file_kind::buffered && PyErr_ExceptionMatches(PyExc_OverflowError) != 0)
      PyErr_Format(PyExc_ValueError, "cannot fit '%.200s' into an offset-sized integer",
                   Py_TYPE(values[index])->tp_name);
    return false;
  }
  /// A size, or None, which is as absence.
  bool size(Py_ssize_t index, Py_ssize_t otherwise, Py_ssize_t& into) const noexcept {
    into = otherwise;
    if (index >= count || values[index] == Py_None) return true;
    if (PyIndex_Check(values[index])) {
      into = PyNumber_AsSsize_t(values[index], PyExc_OverflowError);
      return into != -1 || PyErr_Occurred() == nullptr;
    }
    PyErr_Format(PyExc_TypeError, "argument should be integer or None, not '%.200s'",
                 Py_TYPE(values[index])->tp_name);
    return false;
  }
};

/// As CPython names the type of an argument that it refuses.
inline const char* type_of_argument(PyObject* given) noexcept {
  return given == Py_None ? "None" : Py_TYPE(given)->tp_name;
}

/// Waits on the loop's thread, for those who cannot await, while turns of the engine go on.
template <class Done>
void wait_here(loop_engine& engine, Done done) {
  while (!done()) {
    engine.core().run_completions();
    if (done()) return;
    engine.core().wait();
  }
}

inline file_object& file_of(const operation_object& operation) noexcept { return *operation.file; }

/// A method without arguments.
template <const operation_kind& kind>
PyObject* plain_method(PyObject* self, PyObject*) noexcept {
  return make_operation(kind, &file_of(self));
}

/// A method with one optional argument; -1 where it is absent.
template <const operation_kind& kind, auto argument>
PyObject* one_number(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept {
  const arguments given{kind.name, values, count};
  Py_ssize_t number = -1;
  if (!given.at_most(1) || !(given.*argument)(0, -1, number))
    return raise_when_awaited(&file_of(self));
  return make_operation(kind, &file_of(self), nullptr, number);
}
/// None is as absence.
template <const operation_kind& kind>
constexpr auto size_method = one_number<kind, &arguments::size>;
/// None is refused.
template <const operation_kind& kind>
constexpr auto number_method = one_number<kind, &arguments::number>;

/// A method with one object.
template <const operation_kind& kind>
PyObject* object_method(PyObject* self, PyObject* object) noexcept {
  return make_operation(kind, &file_of(self), object);
}

template <class Function>
PyCFunction as_method(Function function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

// read_methods.cpp
extern const operation_kind read_kind, read1_kind, read_raw_kind, readall_kind, readline_kind,
    readlines_kind, lines_kind, readinto_kind, readinto1_kind, readinto_raw_kind, peek_kind,
    next_kind;
// write_methods.cpp
extern const operation_kind write_kind, writelines_kind, flush_kind, fsync_kind, close_kind,
    truncate_kind;
PyObject* close_now_method(PyObject* self, PyObject*) noexcept;
PyObject* settle_now_method(PyObject* self, PyObject*) noexcept;
PyObject* mark_detached_method(PyObject* self, PyObject*) noexcept;
PyObject* truncate_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept;
// position_methods.cpp
extern const operation_kind seek_kind, tell_kind, pread_kind, pwrite_kind, isatty_kind,
    seekable_kind, readable_kind, writable_kind;
PyObject* seek_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept;
PyObject* pread_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept;
PyObject* pwrite_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept;
PyObject* fileno_method(PyObject* self, PyObject*) noexcept;
PyObject* readable_method(PyObject* self, PyObject*) noexcept;

}  // namespace ringfiles::python
