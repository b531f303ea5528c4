#include "text_format.hpp"

#include <algorithm>

namespace ringfiles::python {
namespace {

Py_ssize_t size_of(std::string_view bytes) noexcept {
  return static_cast<Py_ssize_t>(bytes.size());
}

bool has_return(PyObject* text) noexcept {
  return PyUnicode_FindChar(text, '\r', 0, PyUnicode_GET_LENGTH(text), 1) >= 0;
}

/// REQUIRES: equal lengths or more room.
Py_ssize_t copy_translated(PyObject* from, PyObject* to) noexcept {
  const int from_kind = PyUnicode_KIND(from);
  const void* from_data = PyUnicode_DATA(from);
  const int to_kind = PyUnicode_KIND(to);
  void* to_data = PyUnicode_DATA(to);
  const Py_ssize_t length = PyUnicode_GET_LENGTH(from);
  Py_ssize_t made = 0;
  for (Py_ssize_t at = 0; at < length; ++at) {
    Py_UCS4 letter = PyUnicode_READ(from_kind, from_data, at);
    if (letter == '\r') {
      letter = '\n';
      if (at + 1 < length && PyUnicode_READ(from_kind, from_data, at + 1) == '\n') ++at;
    }
    PyUnicode_WRITE(to_kind, to_data, made++, letter);
  }
  return made;
}

}  // namespace

PyObject* decode(const text_format& format, std::string_view bytes) noexcept {
  switch (format.codec) {
    case codec::latin1:
      return PyUnicode_DecodeLatin1(bytes.data(), size_of(bytes), format.errors);
    case codec::ascii:
      return PyUnicode_DecodeASCII(bytes.data(), size_of(bytes), format.errors);
    case codec::table:
      return decode_by(*format.table, bytes, format.errors);
    default:
      return PyUnicode_DecodeUTF8(bytes.data(), size_of(bytes), format.errors);
  }
}

PyObject* decode_partly(const text_format& format, std::string_view bytes,
                        std::size_t& used) noexcept {
  used = bytes.size();
  if (format.codec != codec::utf8) return decode(format, bytes);
  Py_ssize_t consumed = 0;
  PyObject* text =
      PyUnicode_DecodeUTF8Stateful(bytes.data(), size_of(bytes), format.errors, &consumed);
  used = static_cast<std::size_t>(consumed);
  return text;
}

PyObject* translate(PyObject* text) noexcept {
  if (text == nullptr || !has_return(text)) return text;
  const owned original = steal(text);
  const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
  const owned wide = steal(PyUnicode_New(length, PyUnicode_MAX_CHAR_VALUE(text)));
  if (!wide) return nullptr;
  return PyUnicode_Substring(wide.ptr(), 0, copy_translated(text, wide.ptr()));
}

unsigned newlines_in(PyObject* text) noexcept {
  const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
  if (!has_return(text))
    return PyUnicode_FindChar(text, '\n', 0, length, 1) >= 0 ? unsigned{seen_lf} : 0U;
  const int kind = PyUnicode_KIND(text);
  const void* data = PyUnicode_DATA(text);
  unsigned seen = 0;
  for (Py_ssize_t at = 0; at < length; ++at) {
    const Py_UCS4 letter = PyUnicode_READ(kind, data, at);
    if (letter == '\n') seen |= seen_lf;
    if (letter != '\r') continue;
    const bool pair = at + 1 < length && PyUnicode_READ(kind, data, at + 1) == '\n';
    seen |= pair ? seen_crlf : seen_cr;
    at += pair ? 1 : 0;
  }
  return seen;
}

namespace {

/// How far text of at most `limit` characters can reach: more than `limit` bytes make more than
/// that only where a "\r\n" counts as one.
struct portion {
  owned text;
  std::size_t used = 0;
  bool stuck = false;  ///< nothing more can be had from these bytes now
  bool split = false;  ///< the "\n" of the last "\r" was taken, and is not in the text
};

/// The line ends of a portion whose text is not translated yet.
unsigned line_ends_of(const portion& taken) noexcept {
  if (!taken.split) return newlines_in(taken.text.ptr());
  const Py_ssize_t length = PyUnicode_GET_LENGTH(taken.text.ptr());
  const owned before = steal(PyUnicode_Substring(taken.text.ptr(), 0, length - 1));
  if (!before) PyErr_Clear();  // a line end is not told of, rather than a text not given
  return seen_crlf | (before ? newlines_in(before.ptr()) : 0U);
}

/// More bytes than were wanted, because they began like one character. If the last one showed that
/// they are malformed, it is a character of its own, and may be too much.
void leave_the_last(const text_format& format, std::string_view bytes, std::size_t wanted,
                    portion& taken) noexcept {
  const auto most = static_cast<Py_ssize_t>(wanted);
  if (!taken.text || PyUnicode_GET_LENGTH(taken.text.ptr()) <= most) return;
  taken.used -= 1;
  taken.text = steal(decode(format, bytes.substr(0, taken.used)));
  if (!taken.text || PyUnicode_GET_LENGTH(taken.text.ptr()) <= most) return;
  taken.used = wanted;  // the handler makes a character of each byte
  taken.text = steal(PyUnicode_Substring(taken.text.ptr(), 0, most));
}

/// Behind the malformed bytes that the exception is about, at least `least`: the ones behind them
/// may begin the next character. The exception stays set.
std::size_t end_of_error(std::size_t least, std::size_t most) noexcept {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  Py_ssize_t end = 0;
  if (value != nullptr && PyErr_GivenExceptionMatches(value, PyExc_UnicodeDecodeError) != 0)
    PyUnicodeDecodeError_GetEnd(value, &end);
  PyErr_Restore(type, value, traceback);
  return std::clamp(static_cast<std::size_t>(end), least, most);
}

portion take_portion(const text_format& format, std::string_view bytes, std::size_t wanted,
                     bool final) noexcept {
  portion taken;
  // A character has up to four bytes: a few more, where the cut goes through one.
  for (std::size_t size = std::min(wanted, bytes.size());; ++size) {
    const std::string_view part = bytes.substr(0, size);
    const bool whole = size == bytes.size();
    taken.used = size;
    taken.text =
        steal(whole && final ? decode(format, part) : decode_partly(format, part, taken.used));
    if (!taken.text) taken.used = end_of_error(std::min(wanted, size), size);
    if (taken.used > 0 || whole) break;
  }
  if (taken.used > wanted) leave_the_last(format, bytes, wanted, taken);
  taken.stuck = taken.used == 0;
  if (!taken.text || !format.translates() || taken.stuck || bytes[taken.used - 1] != '\r')
    return taken;
  // A "\n" behind the last "\r" belongs to it; if that is not known yet, the "\r" has to wait.
  if (taken.used < bytes.size()) {
    taken.split = bytes[taken.used] == '\n';
    taken.used += taken.split ? 1 : 0;
  } else if (!final) {
    taken.used -= 1;
    taken.stuck = true;
    taken.text =
        steal(PyUnicode_Substring(taken.text.ptr(), 0, PyUnicode_GET_LENGTH(taken.text.ptr()) - 1));
  }
  return taken;
}

}  // namespace

characters take_characters(const text_format& format, std::string_view bytes, std::size_t limit,
                           bool final) noexcept {
  characters all;
  owned parts = steal(PyList_New(0));
  if (!parts) return all;
  while (all.count < limit && all.used < bytes.size()) {
    portion next = take_portion(format, bytes.substr(all.used), limit - all.count, final);
    all.used += next.used;
    if (next.text && format.is_universal()) all.seen |= line_ends_of(next);
    if (next.text && format.translates()) next.text = steal(translate(next.text.release().ptr()));
    if (!next.text || PyList_Append(parts.ptr(), next.text.ptr()) < 0) return all;
    all.count += static_cast<std::size_t>(PyUnicode_GET_LENGTH(next.text.ptr()));
    if (next.stuck) break;
  }
  static PyObject* const nothing = PyUnicode_InternFromString("");
  all.text = PyList_GET_SIZE(parts.ptr()) == 1 ? borrow(PyList_GET_ITEM(parts.ptr(), 0))
                                               : steal(PyUnicode_Join(nothing, parts.ptr()));
  return all;
}

namespace {

PyObject* with_newlines(PyObject* text, newline mode) noexcept {
  static PyObject* const lf = PyUnicode_InternFromString("\n");
  static PyObject* const cr = PyUnicode_InternFromString("\r");
  static PyObject* const crlf = PyUnicode_InternFromString("\r\n");
  return PyUnicode_Replace(text, lf, mode == newline::cr ? cr : crlf, -1);
}

PyObject* encoded(const text_format& format, PyObject* text) noexcept {
  if (format.codec == codec::table) return encode_by(*format.table, text, format.errors);
  const char* name = format.codec == codec::latin1  ? "latin-1"
                     : format.codec == codec::ascii ? "ascii"
                                                    : "utf-8";
  return PyUnicode_AsEncodedString(text, name, format.errors);
}

}  // namespace

bool encode(const text_format& format, PyObject* text, owned& made,
            std::string_view& bytes) noexcept {
  if (format.newline == newline::cr || format.newline == newline::crlf) {
    made = steal(with_newlines(text, format.newline));
    if (!made) return false;
    text = made.ptr();
  }
  if (PyUnicode_IS_COMPACT_ASCII(text)) {
    bytes = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
             static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
    return true;
  }
  made = steal(encoded(format, text));
  if (!made) return false;
  bytes = {PyBytes_AS_STRING(made.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(made.ptr()))};
  return true;
}

}  // namespace ringfiles::python
