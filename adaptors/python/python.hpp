// Python.h and the owning references of nanobind: what every file of this door begins with.
//
// Conventions of this folder: a function that returns `PyObject*` returns a new reference, or null
// with an exception set, unless its comment says more. All of it runs with the GIL held, but for
// scanner::work(). The GIL is also what makes a confined engine safe here: whoever drops the last
// reference to a file, on whatever thread, holds it.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <new>
#include <utility>

namespace ringfiles::python {

namespace nb = nanobind;
using owned = nb::object;

/// Takes over a new reference (null: none).
inline owned steal(PyObject* fresh) noexcept { return nb::steal(fresh); }
inline owned borrow(PyObject* object) noexcept { return nb::borrow(object); }
inline PyObject* new_reference(PyObject* object) noexcept { return Py_NewRef(object); }

/// An exception that is put aside while C++ runs on.
class saved_exception {
 public:
  saved_exception() noexcept = default;
  saved_exception(const saved_exception&) = delete;
  saved_exception& operator=(const saved_exception&) = delete;
  ~saved_exception() { clear(); }

  explicit operator bool() const noexcept { return type_ != nullptr; }
  /// Takes the current exception.
  void save() noexcept {
    clear();
    PyErr_Fetch(&type_, &value_, &traceback_);
  }
  void restore() noexcept {
    PyErr_Restore(std::exchange(type_, nullptr), std::exchange(value_, nullptr),
                  std::exchange(traceback_, nullptr));
  }

 private:
  void clear() noexcept {
    Py_CLEAR(type_);
    Py_CLEAR(value_);
    Py_CLEAR(traceback_);
  }
  PyObject* type_ = nullptr;
  PyObject* value_ = nullptr;
  PyObject* traceback_ = nullptr;
};

}  // namespace ringfiles::python
