#include "long_text.hpp"

#include <algorithm>

namespace ringfiles::python {
namespace {

/// Encoding so many characters takes 50 to 200 µs, as much as other portions of a write.
constexpr Py_ssize_t portion_characters = 64 * 1024;

}  // namespace

bool long_text::is_long(const text_format& format, PyObject* text) noexcept {
  if (PyUnicode_GET_LENGTH(text) <= portion_characters) return false;
  const bool translates = format.newline == newline::cr || format.newline == newline::crlf;
  return translates || !PyUnicode_IS_COMPACT_ASCII(text);
}

bool long_text::encode_portion() {
  const Py_ssize_t end =
      std::min(at_ + portion_characters, PyUnicode_GET_LENGTH(text_.ptr()));
  const owned portion = steal(PyUnicode_Substring(text_.ptr(), at_, end));
  if (!portion) return false;
  owned made;
  std::string_view bytes;
  if (!encode(format_, portion.ptr(), made, bytes)) {
    raise_for_whole();
    return false;
  }
  parts_.push_back(made ? made : portion);
  at_ = end;
  return true;
}

/// The error tells the text and the place in it; those of the portion are of no use to anybody.
void long_text::raise_for_whole() noexcept {
  if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) return;
  PyErr_Clear();
  owned made;
  std::string_view bytes;
  encode(format_, text_.ptr(), made, bytes);
}

bool long_text::next(std::string_view& part) noexcept {
  if (given_ == parts_.size()) {
    *this = {};
    return false;
  }
  if (given_ > 0) parts_[given_ - 1].reset();
  PyObject* bytes = parts_[given_++].ptr();
  if (PyBytes_Check(bytes))
    part = {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))};
  else  // ASCII, as it is
    part = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(bytes)),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(bytes))};
  return true;
}

}  // namespace ringfiles::python
