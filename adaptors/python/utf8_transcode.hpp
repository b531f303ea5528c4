// Text, UTF-8 mostly, into the memory of a str, without the GIL: for texts that would hold the
// loop otherwise.
//
// In two steps, because a str is allocated (with the GIL) for the number and the width of its
// characters: measure, then transcode. Well-formed input only (Unicode 15, table 3-7); what is
// malformed is left to CPython, for its errors and their handlers.
//
// SAFETY: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "byte_table.hpp"

namespace ringfiles::python {

struct text_measure {
  bool well_formed = true;
  std::size_t characters = 0;  ///< after translation
  char32_t widest = 0;         ///< at least as wide as every character
  unsigned seen_newlines = 0;  ///< seen_newline
};

/// `translate`: "\r\n" and "\r" count as one "\n".
text_measure measure_utf8(std::string_view bytes, bool translate) noexcept;
/// Each byte is a character of its own.
text_measure measure_latin1(std::string_view bytes, bool translate) noexcept;
/// Malformed: a byte that means nothing.
text_measure measure_by(const byte_table& table, std::string_view bytes, bool translate) noexcept;

/// Writes the characters, of `width` bytes each (1, 2 or 4), to `into`.
/// REQUIRES: well-formed; room for measure_utf8().characters.
void transcode_utf8(std::string_view bytes, bool translate, unsigned width, void* into) noexcept;
void transcode_latin1(std::string_view bytes, bool translate, void* into) noexcept;
void transcode_by(const byte_table& table, std::string_view bytes, bool translate, unsigned width,
                  void* into) noexcept;

}  // namespace ringfiles::python
