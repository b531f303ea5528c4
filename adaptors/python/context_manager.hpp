// What open() returns: to be awaited, or entered by `async with`.
//
// The base of the package's AiofilesContextManager. What the engine opens and closes takes one
// awaitable for each of both; everything else is left to the package's methods _wait, _enter and
// _leave, which are Python. The coroutine that aiofiles has in `_coro` is made when somebody asks
// for it, or when it is missed: it warns that it was never awaited.
#pragma once

#include "python.hpp"

namespace ringfiles::python {

/// Makes the type and adds it to the module. False with an exception set.
bool add_context_manager_type(PyObject* module);

/// `manager` has what it opens; a later await gives the same.
void set_opened(PyObject* manager, PyObject* file) noexcept;

/// open_later(type, make_coroutine, arguments, plan): METH_FASTCALL.
PyObject* open_later(PyObject*, PyObject* const* values, Py_ssize_t count) noexcept;

}  // namespace ringfiles::python
