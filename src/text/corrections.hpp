// Where iconv(3) and CPython disagree about the characters of an encoding.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ringfiles::text {

/// `count` byte sequences one behind the other, and as many code points. Zero in place of the one
/// or the other: the encoding does not have what is named.
struct correction {
  std::uint32_t bytes = 0;  ///< the first sequence, read as a number in big endian
  char32_t point = 0;       ///< the first code point
  std::uint16_t count = 1;
  bool only_written = false;  ///< and the bytes are read as something else
};

/// What CPython makes of an encoding's characters where glibc makes something else of them. What is
/// said here holds with every version of the C library.
///
/// SAFETY: not changed once made.
class corrections {
 public:
  /// REQUIRES: `by_bytes` is sorted by `bytes`, `by_point` by `point`.
  constexpr corrections(std::span<const correction> by_bytes,
                        std::span<const correction> by_point) noexcept
      : by_bytes_(by_bytes), by_point_(by_point) {
    for (const correction& one : by_bytes)
      for (std::uint32_t i = 0; i < one.count; ++i) leads_[lead_of(one.bytes + i)] = true;
  }

  /// The code point of `character`, 0 if it is malformed; nothing if iconv(3) is to be asked.
  std::optional<char32_t> read(std::string_view character) const noexcept;
  /// The bytes of `point` as a number, 0 if it has none; nothing if iconv(3) is to be asked.
  std::optional<std::uint32_t> write(char32_t point) const noexcept;

 private:
  static constexpr std::uint8_t lead_of(std::uint32_t bytes) noexcept {
    while (bytes > 0xff) bytes >>= 8;
    return static_cast<std::uint8_t>(bytes);
  }

  std::span<const correction> by_bytes_;
  std::span<const correction> by_point_;
  std::array<bool, 256> leads_{};  ///< the first bytes of what is corrected
};

/// Of the encoding that CPython calls `name`; none for most.
const corrections& corrections_of(std::string_view name) noexcept;

/// Appends the bytes of a number that `corrections::write` gave.
void append_big_endian(std::uint32_t bytes, std::string& to);

/// The place in NEC's rows (ED40 on) of a character of CP932 that `bytes`, in IBM's rows (FA40 on),
/// stands for too: glibc writes the latter, CPython the former. `bytes` itself where there is none.
std::uint32_t place_of_nec(std::uint32_t bytes) noexcept;

// A syllable of Korean that has no code of its own in EUC-KR is spelled in four characters: a
// filler, then its letters (KS X 1001, annex 3).
inline constexpr std::string_view hangul_filler = "\xa4\xd4";
inline constexpr std::size_t spelled_hangul_bytes = 8;

/// 0 if the eight bytes, which begin with the filler, spell none.
char32_t spelled_hangul(std::string_view bytes) noexcept;
/// False if `point` is no syllable.
bool append_spelled_hangul(char32_t point, std::string& to);

}  // namespace ringfiles::text
