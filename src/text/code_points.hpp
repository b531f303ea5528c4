// Single code points in UTF-8. Surrogates are let through in both directions: error handlers make
// them (surrogateescape), and whoever must not have them looks for himself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringfiles::text {

inline constexpr char32_t replacement_character = 0xfffd;
inline constexpr char32_t last_code_point = 0x10ffff;
inline constexpr std::size_t most_utf8_bytes = 4;

constexpr bool is_surrogate(char32_t point) noexcept { return point >= 0xd800 && point < 0xe000; }

constexpr std::size_t utf8_bytes(char32_t point) noexcept {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/// Writes utf8_bytes(point) bytes and gives the place behind them.
constexpr char* put_utf8(char32_t point, char* to) noexcept {
  const auto tail = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
  if (point < 0x80) {
    *to++ = static_cast<char>(point);
  } else if (point < 0x800) {
    *to++ = static_cast<char>(0xc0 | point >> 6);
    *to++ = tail(point);
  } else if (point < 0x10000) {
    *to++ = static_cast<char>(0xe0 | point >> 12);
    *to++ = tail(point >> 6);
    *to++ = tail(point);
  } else {
    *to++ = static_cast<char>(0xf0 | point >> 18);
    *to++ = tail(point >> 12);
    *to++ = tail(point >> 6);
    *to++ = tail(point);
  }
  return to;
}

inline void append_utf8(char32_t point, std::string& to) {
  char bytes[most_utf8_bytes];
  to.append(bytes, put_utf8(point, bytes));
}

struct code_point {
  char32_t value = 0;
  std::size_t size = 0;  ///< in bytes
};

/// The code point at the front. REQUIRES: `utf8` is not empty, and well-formed but for surrogates.
constexpr code_point first_code_point(std::string_view utf8) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
  const auto tail = [&](std::size_t i) { return static_cast<char32_t>(at(i) & 0x3f); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xe0) return {static_cast<char32_t>(lead & 0x1f) << 6 | tail(1), 2};
  if (lead < 0xf0) return {static_cast<char32_t>(lead & 0x0f) << 12 | tail(1) << 6 | tail(2), 3};
  return {static_cast<char32_t>(lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4};
}

/// Copies the ASCII bytes at the front of `from`, at most `most`; how many they are.
std::size_t copy_ascii(const char* from, char* to, std::size_t most) noexcept;

}  // namespace ringfiles::text
