// Text that is too long to be encoded at once: that would hold the loop, some ms for each MiB.
//
// It is encoded a portion at a time, while it is written. Before, it is encoded for nothing: an
// error, which may come last, must not leave a part of the text behind. To keep what that made
// would double the memory, and giving so much back at once holds the loop as well (4 ms for 64 MiB,
// glibc 2.36).
#pragma once

#include <cstddef>
#include <string_view>

#include "python.hpp"
#include "text_format.hpp"

namespace ringfiles::python {

class long_text {
 public:
  /// True of what takes its time: not of ASCII that goes to the file as it is.
  static bool is_long(const text_format& format, PyObject* text) noexcept;

  /// Nothing, until it is set to a text.
  long_text() noexcept = default;
  long_text(const text_format& format, PyObject* text) noexcept;

  bool is_set() const noexcept { return text_.is_valid(); }
  bool is_checked() const noexcept { return checked_; }
  /// REQUIRES: not yet is_checked(). False with an exception set, as of encoding all at once.
  bool check_portion() noexcept;
  /// REQUIRES: is_checked(). The next part, which stays until this is asked again; false at the
  /// end, and then nothing is set any more.
  bool next(std::string_view& part) noexcept;

 private:
  /// The characters from `at_` on, and sets `at_` to the end of them. False with an exception set.
  bool encode_portion(std::string_view& bytes) noexcept;
  Py_ssize_t length() const noexcept { return PyUnicode_GET_LENGTH(text_.ptr()); }

  text_format format_;  // `errors` belongs to the file
  owned text_;
  Py_ssize_t at_ = 0;
  bool checked_ = false;
  owned portion_;
  owned encoded_;
};

}  // namespace ringfiles::python
