// The encoding of a text file, and what happens to what it cannot express.
//
//   auto file = co_await ringfiles::open("report.csv", "r", {.encoding = "cp1252"});
//
// Programs see UTF-8, whatever the file holds. Names are Python's, in any of its spellings:
// "utf-8", "utf-8-sig", "ascii", "latin-1", "utf-16", "utf-16-le", "utf-32-be", "cp1252", "koi8-r",
// "iso8859-15", "shift_jis", "euc_jp", "gb18030", "big5", "iso2022_jp" … Those that are not built
// in come from iconv(3), corrected to what Python has. docs/encodings.md lists all.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace ringfiles {

/// The name of an encoding; one that is too long to be any is unknown to open(). Trivial to copy.
class encoding {
 public:
  static constexpr std::size_t most_name_bytes = 31;

  constexpr encoding() noexcept : encoding("utf-8") {}
  constexpr encoding(std::string_view name) noexcept {  // NOLINT(google-explicit-constructor)
    for (char letter : name.substr(0, most_name_bytes)) name_[size_++] = letter;
    if (name.size() > most_name_bytes) name_[0] = '?';
  }
  constexpr encoding(const char* name) noexcept  // NOLINT(google-explicit-constructor)
      : encoding(std::string_view(name)) {}
  encoding(const std::string& name) noexcept  // NOLINT(google-explicit-constructor)
      : encoding(std::string_view(name)) {}

  constexpr std::string_view name() const noexcept { return {name_.data(), size_}; }

 private:
  std::array<char, most_name_bytes> name_{};
  unsigned char size_ = 0;
};

/// What happens to bytes that are no text in the file's encoding (reading), and to characters that
/// the encoding does not have (writing): Python's error handlers of the same names.
///
/// | value             | reading                                 | writing                     |
/// |-------------------|-----------------------------------------|-----------------------------|
/// | strict            | error, nothing consumed                 | error `not_encodable`       |
/// | ignore            | left out                                | left out                    |
/// | replace           | U+FFFD                                  | `?`                         |
/// | backslashreplace  | `\xNN` for each byte                    | `\xNN`, `\uNNNN`, …         |
/// | surrogateescape   | U+DC80 to U+DCFF, for bytes above 7F    | … and back into these bytes |
/// | xmlcharrefreplace | as strict                               | `&#NNN;`                    |
///
/// That error is `not_utf8` in plain UTF-8 and `not_decodable` in any other encoding; both are
/// std::errc::illegal_byte_sequence.
///
/// A lone surrogate is three bytes (ED B2 80 to ED B3 BF for these), as UTF-8 would have it.
enum class text_errors {
  strict,
  ignore,
  replace,
  backslashreplace,
  surrogateescape,
  xmlcharrefreplace
};

}  // namespace ringfiles
