// How the bytes of a file and the characters of Python meet: codec, error handler, newlines.
//
// Served here are codecs in which "\r" and "\n" are single bytes and no part of other characters,
// ASCII is itself, and no state is kept between characters: UTF-8, and those of one byte for each
// character. The decoding itself is CPython's, so that errors and handlers are, too. Handlers must
// not make several characters of one byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "byte_table.hpp"
#include "python.hpp"
#include "ringfiles/newline.hpp"

namespace ringfiles::python {

enum class codec : unsigned char { none, utf8, ascii, latin1, table };

struct text_format {
  ringfiles::python::codec codec = codec::none;  ///< none: the file is binary
  ringfiles::newline newline = ringfiles::newline::lf;
  const char* errors = nullptr;       ///< null: strict
  const byte_table* table = nullptr;  ///< of codec::table

  bool is_text() const noexcept { return codec != codec::none; }
  bool strict() const noexcept { return errors == nullptr; }
  bool is_universal() const noexcept {
    return is_text() && (newline == newline::universal || newline == newline::untranslated);
  }
  bool translates() const noexcept { return is_text() && newline == newline::universal; }
};

/// Line ends that were met: the attribute `newlines`.
enum seen_newline : unsigned { seen_lf = 1, seen_cr = 2, seen_crlf = 4 };

inline bool is_ascii(std::string_view bytes) noexcept {
  std::size_t at = 0;
  std::uint64_t high = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, bytes.data() + at, sizeof words);
    high |= words[0] | words[1] | words[2] | words[3];
  }
  for (; at < bytes.size(); ++at) high |= static_cast<unsigned char>(bytes[at]);
  return (high & 0x8080808080808080u) == 0;
}

/// A str of bytes that are known to be ASCII.
inline PyObject* make_ascii(std::string_view bytes) noexcept {
  PyObject* made = PyUnicode_New(static_cast<Py_ssize_t>(bytes.size()), 127);
  if (made != nullptr && !bytes.empty())
    std::memcpy(PyUnicode_1BYTE_DATA(made), bytes.data(), bytes.size());
  return made;
}

/// All of `bytes`, whole characters or malformed ones; newlines as they are.
PyObject* decode(const text_format& format, std::string_view bytes) noexcept;
/// The same, but for an incomplete character at the end: `used` says how far it went.
PyObject* decode_partly(const text_format& format, std::string_view bytes,
                        std::size_t& used) noexcept;

/// "\r\n" and "\r" as "\n". Steals `text` (null is passed on).
PyObject* translate(PyObject* text) noexcept;
/// Which line ends stand in `text`, a str; a "\r" at its end counts as one.
unsigned newlines_in(PyObject* text) noexcept;

struct characters {
  owned text;            ///< null with an exception set
  std::size_t used = 0;  ///< bytes that it was made of
  std::size_t count = 0;
  unsigned seen = 0;  ///< line ends, before they were translated
};
/// At most `limit` characters from the front, translated as the format says. Fewer only if no more
/// are there, or a "\r" or an incomplete character stands at the end and `final` is false.
characters take_characters(const text_format& format, std::string_view bytes, std::size_t limit,
                           bool final) noexcept;

/// Text as it goes to the file: a view of `text`'s own memory where that will do, else of `made`.
/// False with an exception set.
bool encode(const text_format& format, PyObject* text, owned& made,
            std::string_view& bytes) noexcept;

}  // namespace ringfiles::python
