// A long str that is made of parts, so that neither making it nor giving the parts back holds the
// loop: the parts are copied without the GIL, and dropped some at a time.
//
// A scanner adds parts and then asks for step() until that is done; whenever it is not, it lets
// work() run in between.
#pragma once

#include <cstddef>

#include "python.hpp"

namespace ringfiles::python {

class text_parts {
 public:
  /// `text` is a str, borrowed. False with an exception set.
  bool add(PyObject* text) noexcept;

  enum class progress { working, done, failed };
  /// failed: with an exception set.
  progress step() noexcept;
  /// Between two steps, on any thread, without the GIL.
  void work() noexcept;
  /// REQUIRES: step() said `done`. A new reference.
  PyObject* result() noexcept { return text_.release().ptr(); }

 private:
  bool join_at_once() noexcept;
  bool make_room() noexcept;

  owned parts_;  ///< a list; null until there is a part
  Py_ssize_t characters_ = 0;
  Py_UCS4 widest_ = 0;
  owned text_;
  bool copied_ = false;
};

}  // namespace ringfiles::python
