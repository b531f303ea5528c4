// What every asynchronous method returns: an awaitable that counts as a coroutine.
//
// Nothing happens before it is awaited (or made a task). Then it is served at once if the file's
// buffers or the page cache can do it, without a future and without a turn of the loop; else it
// makes a future of the loop, and goes on when the core's call has ended.
//
// It has the type slots am_await, am_send and tp_iternext, which is how CPython 3.10 and 3.11 get a
// result without an exception, and the methods send, throw and close of collections.abc.Coroutine.
#pragma once

#include <memory>

#include "loop_engine.hpp"
#include "pending.hpp"
#include "python.hpp"
#include "suspension.hpp"

namespace ringfiles::python {

struct file_object;
struct operation_object;

/// What an awaitable does. One constant object for each method.
struct operation_kind {
  const char* name;
  /// At once if that is possible. Null without an exception: begin() has to be asked.
  PyObject* (*serve)(operation_object&);
  /// The call that does it. Null with an exception set; it may throw, too.
  std::unique_ptr<pending> (*begin)(operation_object&, const std::shared_ptr<loop_engine>&);
};

struct operation_object {
  enum class state : unsigned char { fresh, running, waiting, over };

  PyObject_HEAD const operation_kind* kind;
  file_object* file;  ///< owned; null for what belongs to no file
  PyObject* object;   ///< owned argument, or null
  Py_ssize_t number;  ///< argument
  Py_ssize_t second;  ///< another one
  suspension* waits;  ///< owned; null unless waiting
  state at;
};

extern PyTypeObject* operation_type;
/// Makes the type and adds it to the module. False with an exception set.
bool add_operation_type(PyObject* module);

/// A fresh awaitable; `object` is borrowed, and may be null, as `file`.
PyObject* make_operation(const operation_kind& kind, file_object* file, PyObject* object = nullptr,
                         Py_ssize_t number = 0, Py_ssize_t second = 0) noexcept;
/// An awaitable of `file` that raises the exception that is set now, when it is awaited: so do the
/// coroutines of aiofiles, which look at no argument before.
PyObject* raise_when_awaited(file_object* file) noexcept;
/// One that is over: who awaits it learns that it was used.
PyObject* make_used_operation() noexcept;
/// am_send: for the line iterator, which has its own.
PySendResult send_operation(PyObject* object, PyObject* argument, PyObject** result) noexcept;

}  // namespace ringfiles::python
