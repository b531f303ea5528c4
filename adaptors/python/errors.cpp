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

// A value that is a tuple or an exception would be taken apart if it were not wrapped.
#if PY_VERSION_HEX >= 0x030c0000
// Since 3.12 `await` asks tp_iternext where 3.11 asked am_send: each result travels in one of
// these, so it is made without a call of its type and without a context, which nobody sees.
void raise_stop_iteration(PyObject* value) noexcept {
  auto* const type = reinterpret_cast<PyTypeObject*>(PyExc_StopIteration);
  const owned made = steal(type->tp_alloc(type, 0));
  PyObject* const arguments = PyTuple_Pack(1, value);
  if (!made || arguments == nullptr) return Py_XDECREF(arguments);
  auto& fields = *reinterpret_cast<PyStopIterationObject*>(made.ptr());
  fields.args = arguments;
  fields.value = Py_NewRef(value);
  PyErr_SetRaisedException(Py_NewRef(made.ptr()));
}
#else
void raise_stop_iteration(PyObject* value) noexcept {
  const owned wrapped = steal(PyObject_CallOneArg(PyExc_StopIteration, value));
  if (wrapped) PyErr_SetObject(PyExc_StopIteration, wrapped.ptr());
}
#endif

}  // namespace ringfiles::python
