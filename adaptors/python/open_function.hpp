// open() and adopt(): from checked arguments to a file object.
#pragma once

#include "python.hpp"

namespace ringfiles::python {

/// The awaitable of a file of `manager`, which is told of it. `plan`: the arguments of the module's
/// open() behind the path.
PyObject* make_open(PyObject* path, PyObject* plan, bool patient, PyObject* manager) noexcept;

/// Whether `opened` is of the type that a plan is for: a file of the engine. `plan` may be null or
/// None, which plan none.
bool is_as_planned(PyObject* opened, PyObject* plan) noexcept;

/// The functions of the module, ended by an empty one.
extern PyMethodDef open_functions[];

}  // namespace ringfiles::python
