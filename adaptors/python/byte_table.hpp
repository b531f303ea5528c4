// Codecs of one byte for each character, with ASCII where it always is: CPython's tables.
//
// CPython itself decodes and encodes by them, so that errors and handlers are its own. A copy of
// the letters is for texts that are decoded without the GIL.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "python.hpp"

namespace ringfiles::python {

struct byte_table {
  PyObject* decoding = nullptr;  ///< a str of 256 characters
  PyObject* encoding = nullptr;  ///< what codecs.charmap_encode() takes
  std::array<char32_t, 256> letters{};

  /// What the table holds for a byte that means nothing.
  static constexpr char32_t no_letter = 0xfffe;
};

/// Tables live as long as the program: a read that is queued when the file is reconfigured still
/// has the one before. A codec keeps its first. False with an exception set.
bool add_table(std::string_view codec, PyObject* decoding, PyObject* encoding) noexcept;
/// Null if none was added.
const byte_table* find_table(std::string_view codec) noexcept;

PyObject* decode_by(const byte_table& table, std::string_view bytes, const char* errors) noexcept;
PyObject* encode_by(const byte_table& table, PyObject* text, const char* errors) noexcept;

}  // namespace ringfiles::python
