#include "errors.hpp"

#include <cstring>

namespace ringfiles::python {
namespace {

void raise_os_error(int number, const char* message, PyObject* filename) noexcept {
  // The object at once, since OSError makes one of the subclass for the errno: CPython 3.10
  // compares types with those of `except` before it would.
  const owned made =
      filename != nullptr && filename != Py_None
          ? steal(PyObject_CallFunction(PyExc_OSError, "isO", number, message, filename))
          : steal(PyObject_CallFunction(PyExc_OSError, "is", number, message));
  if (made) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.ptr())), made.ptr());
}

/// True: it was one of ours, and an exception is set.
bool raise_ours(const error& failure) noexcept {
  const auto is = [&](errc code) { return failure.code() == make_error_code(code); };
  if (is(errc::closed))
    raise_closed();
  else if (is(errc::not_readable))
    raise_unsupported("read");
  else if (is(errc::not_writable))
    raise_unsupported("write");
  else if (is(errc::embedded_nul))
    PyErr_SetString(PyExc_ValueError, "embedded null byte");
  else
    return false;
  return true;
}

}  // namespace

void raise(const error& failure, PyObject* filename) noexcept {
  if (raise_ours(failure)) return;
  const bool of_kernel = failure.code().category() == std::generic_category();
  if (of_kernel && failure.number() == ENOMEM) {
    PyErr_NoMemory();
  } else if (of_kernel || failure.number() == ESPIPE || failure.number() == EINVAL) {
    raise_os_error(failure.number(), std::strerror(failure.number()), filename);
  } else {
    raise_os_error(failure.number(), failure.what(), filename);
  }
}

void raise_current(PyObject* filename) noexcept {
  try {
    throw;
  } catch (const error& failure) {
    raise(failure, filename);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (nb::python_error& raised) {
    raised.restore();
  } catch (const std::exception& other) {
    PyErr_SetString(PyExc_RuntimeError, other.what());
  }
}

void raise_unsupported(const char* message) noexcept {
  const owned io = steal(PyImport_ImportModule("io"));
  if (!io) return;
  const owned type = steal(PyObject_GetAttrString(io.ptr(), "UnsupportedOperation"));
  if (type) PyErr_SetString(type.ptr(), message);
}

void raise_closed(const char* message) noexcept { PyErr_SetString(PyExc_ValueError, message); }

}  // namespace ringfiles::python
