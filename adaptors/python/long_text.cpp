#include "long_text.hpp"

#include <algorithm>

namespace ringfiles::python {
namespace {

/// Encoding so many characters takes 50 to 200 µs, as much as other portions of a write.
constexpr Py_ssize_t usual_portion_characters = 64 * 1024;
/// By a table: some of CPython's are dictionaries, and take 50 ns for a character.
constexpr Py_ssize_t table_portion_characters = 4096;

Py_ssize_t portion_characters(const text_format& format) noexcept {
  return format.codec == codec::table ? table_portion_characters : usual_portion_characters;
}

}  // namespace

bool long_text::is_long(const text_format& format, PyObject* text) noexcept {
  if (PyUnicode_GET_LENGTH(text) <= portion_characters(format)) return false;
  const bool translates = format.newline == newline::cr || format.newline == newline::crlf;
  return translates || !PyUnicode_IS_COMPACT_ASCII(text);
}

long_text::long_text(const text_format& format, PyObject* text) noexcept
    : format_(format), text_(borrow(text)) {
  // Nothing below U+0100 is a surrogate.
  const bool narrow = PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND;
  const bool has_all_narrow = format.codec == codec::utf8 || format.codec == codec::latin1;
  checked_ = narrow && (has_all_narrow || PyUnicode_IS_COMPACT_ASCII(text));
}

bool long_text::encode_portion(std::string_view& bytes) noexcept {
  const Py_ssize_t end = std::min(at_ + portion_characters(format_), length());
  portion_ = steal(PyUnicode_Substring(text_.ptr(), at_, end));
  encoded_.reset();
  at_ = end;
  return portion_.is_valid() && encode(format_, portion_.ptr(), encoded_, bytes);
}

bool long_text::check_portion() noexcept {
  std::string_view bytes;
  if (!encode_portion(bytes)) {
    if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) return false;
    // The error tells the text and the place in it; those of a portion are of no use to anybody.
    PyErr_Clear();
    return encode(format_, text_.ptr(), encoded_, bytes);
  }
  if (at_ == length()) {
    checked_ = true;
    at_ = 0;
  }
  return true;
}

bool long_text::next(std::string_view& part) noexcept {
  if (at_ < length()) return encode_portion(part);
  *this = {};
  return false;
}

}  // namespace ringfiles::python
