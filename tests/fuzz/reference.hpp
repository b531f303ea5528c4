// What UTF-8 and lines are, spelled out byte by byte: nothing here is shared with src/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringfiles/newline.hpp"

namespace ringfiles::fuzzing::reference {

/// Table 3-7 of the Unicode standard. The bytes of the character at the front, 0 if it is none;
/// `surrogates` lets these through, too.
inline std::size_t utf8_character(std::string_view text, bool surrogates = false) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto within = [&](std::size_t i, unsigned low, unsigned high) {
    return at(i) >= low && at(i) <= high;
  };
  const auto tail = [&](std::size_t i) { return within(i, 0x80, 0xbf); };
  if (text.empty()) return 0;
  if (within(0, 0x00, 0x7f)) return 1;
  if (within(0, 0xc2, 0xdf)) return tail(1) ? 2 : 0;
  if (within(0, 0xe0, 0xef)) {
    const unsigned low = at(0) == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = at(0) == 0xed && !surrogates ? 0x9f : 0xbf;
    return within(1, low, high) && tail(2) ? 3 : 0;
  }
  if (!within(0, 0xf0, 0xf4)) return 0;
  const unsigned low = at(0) == 0xf0 ? 0x90 : 0x80;
  const unsigned high = at(0) == 0xf4 ? 0x8f : 0xbf;
  return within(1, low, high) && tail(2) && tail(3) ? 4 : 0;
}

/// Bytes of whole characters at the front.
inline std::size_t utf8_prefix(std::string_view text, bool surrogates = false) {
  std::size_t good = 0;
  while (const std::size_t size = utf8_character(text.substr(good), surrogates)) good += size;
  return good;
}

inline void append_utf8(char32_t point, std::string& to) {
  const auto put = [&](char32_t byte) { to += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) return put(0xc0 | point >> 6), put(0x80 | (point & 0x3f));
  if (point < 0x10000)
    put(0xe0 | point >> 12);
  else
    put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 0x3f));
  put(0x80 | (point >> 6 & 0x3f));
  put(0x80 | (point & 0x3f));
}

/// The code point of one well-formed character.
inline char32_t utf8_value(std::string_view character) {
  constexpr unsigned lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t value = static_cast<unsigned char>(character[0]) & lead_bits[character.size()];
  for (const char byte : character.substr(1)) value = value << 6 | (byte & 0x3f);
  return value;
}

/// The bytes of the terminator at the front, 0 if there is none.
inline std::size_t terminator(std::string_view text, newline mode) {
  const bool feed = text.starts_with('\n');
  const bool carriage = text.starts_with('\r');
  const bool pair = text.starts_with("\r\n");
  switch (mode) {
    case newline::lf:
      return feed ? 1 : 0;
    case newline::cr:
      return carriage ? 1 : 0;
    case newline::crlf:
      return pair ? 2 : 0;
    case newline::universal:
    case newline::untranslated:
      break;
  }
  return pair ? 2 : feed || carriage ? 1 : 0;
}

struct line {
  std::string content;
  std::string terminator;  ///< empty: the end of the text
};

inline std::vector<line> lines_of(std::string_view text, newline mode) {
  std::vector<line> found;
  while (!text.empty()) {
    line& last = found.emplace_back();
    std::size_t end = 0;
    while (!text.empty() && (end = terminator(text, mode)) == 0) {
      last.content += text.front();
      text.remove_prefix(1);
    }
    last.terminator = text.substr(0, end);
    text.remove_prefix(end);
  }
  return found;
}

/// As a reader sees it.
inline std::string translated(std::string_view text, newline mode) {
  if (mode != newline::universal) return std::string(text);
  std::string seen;
  for (const line& one : lines_of(text, mode))
    seen += one.content + (one.terminator.empty() ? "" : "\n");
  return seen;
}

/// As it is written.
inline std::string written(std::string_view text, newline mode) {
  std::string bytes;
  for (const char byte : text) {
    if (byte == '\n' && mode == newline::cr)
      bytes += '\r';
    else if (byte == '\n' && mode == newline::crlf)
      bytes += "\r\n";
    else
      bytes += byte;
  }
  return bytes;
}

}  // namespace ringfiles::fuzzing::reference
