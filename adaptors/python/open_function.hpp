// open() and adopt(): from checked arguments to a file object.
#pragma once

#include "python.hpp"

namespace ringfiles::python {

/// The functions of the module, ended by an empty one.
extern PyMethodDef open_functions[];

}  // namespace ringfiles::python
