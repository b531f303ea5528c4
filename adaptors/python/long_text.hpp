// Text that is too long to be encoded at once: that would hold the loop, some ms for each MiB.
//
// It is encoded a portion at a time, all of it before the first byte goes to the file: an error,
// which may come last, must not leave a part behind.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "python.hpp"
#include "text_format.hpp"

namespace ringfiles::python {

class long_text {
 public:
  /// True of what takes its time: not of ASCII that goes to the file as it is.
  static bool is_long(const text_format& format, PyObject* text) noexcept;

  /// Nothing, until it is set to a text.
  long_text() noexcept = default;
  long_text(const text_format& format, PyObject* text)
      : format_(format), text_(borrow(text)) {}

  bool is_set() const noexcept { return text_.is_valid(); }
  bool is_encoded() const noexcept { return at_ == PyUnicode_GET_LENGTH(text_.ptr()); }
  /// REQUIRES: not yet is_encoded(). False with an exception set, as of encoding all at once.
  bool encode_portion();
  /// REQUIRES: is_encoded(). The next part, which stays until this is asked again; false at the
  /// end, and then nothing is set any more.
  bool next(std::string_view& part) noexcept;

 private:
  void raise_for_whole() noexcept;

  text_format format_;  // `errors` belongs to the file
  owned text_;
  Py_ssize_t at_ = 0;  ///< characters that are encoded
  std::vector<owned> parts_;
  std::size_t given_ = 0;
};

}  // namespace ringfiles::python
