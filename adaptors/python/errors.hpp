// Errors of the core as the exceptions that Python's own files raise.
#pragma once

#include "python.hpp"
#include "ringfiles/error.hpp"

namespace ringfiles::python {

/// Sets OSError (its subclass for the errno) with the file's name, ValueError for closed files,
/// io.UnsupportedOperation for what the file cannot do. `filename` may be null.
void raise(const error& failure, PyObject* filename) noexcept;
/// The same for whatever C++ exception is being handled.
void raise_current(PyObject* filename) noexcept;
/// io.UnsupportedOperation, which is an OSError and a ValueError.
void raise_unsupported(const char* message) noexcept;
void raise_closed(const char* message = "I/O operation on closed file.") noexcept;
/// StopIteration(value), as a generator returns.
void raise_stop_iteration(PyObject* value) noexcept;

}  // namespace ringfiles::python
