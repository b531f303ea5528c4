#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8: is it well-formed, where does it break, how many characters are there.
///
/// "Well-formed" is table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing
/// above U+10FFFF. Where and why a sequence is malformed is told exactly as CPython's
/// `bytes.decode()` tells it, so that error handlers see the same bytes and users the same words.
///
/// Cost: vectors validate the bulk (AVX-512, in the cache: 130 GB/s of ASCII, 30 of Japanese);
/// byte by byte go only the last character and the last few hundred bytes before a malformed one.
/// Finding an error costs in proportion to its distance, so a text full of errors can be scanned
/// again behind each of them.
///
/// SAFETY: pure functions.

namespace ringfiles::text {

/// What some bytes are: `valid` good ones; behind these either nothing, or a character that more
/// input may complete (`incomplete`), or a malformed sequence (`malformed`, `reason`); behind that,
/// bytes that were not looked at.
struct utf8_scan {
  std::size_t valid = 0;         ///< bytes of whole well-formed characters at the front
  std::size_t incomplete = 0;    ///< 0 to 3 bytes at the end that more input may complete
  std::size_t malformed = 0;     ///< length of the malformed sequence that starts at `valid`
  const char* reason = nullptr;  ///< CPython's words for it; null if nothing is malformed

  friend bool operator==(const utf8_scan&, const utf8_scan&) = default;
};

/// Scans bytes that more may follow. The reasons are "invalid start byte" and "invalid continuation
/// byte". As in CPython, half a surrogate at the end (ED A0..BF) counts as incomplete, although no
/// byte can save it: an error handler like "surrogatepass" needs all three bytes of it.
utf8_scan scan_utf8(std::string_view bytes) noexcept;

/// Scans bytes that nothing follows: an incomplete character at the end is malformed too, for
/// "unexpected end of data".
utf8_scan scan_utf8_final(std::string_view bytes) noexcept;

/// How many characters (code points) the text has. REQUIRES: well-formed.
std::size_t count_characters(std::string_view utf8) noexcept;

/// The byte offset just after the first `n` characters, or the size if there are not so many.
/// Looks at no more than it must. REQUIRES: well-formed.
std::size_t offset_of_character(std::string_view utf8, std::size_t n) noexcept;

/// The text with every malformed byte as four characters, `\xNN`, as CPython's
/// errors="backslashreplace" writes it. Nothing follows `bytes`.
std::string escape_malformed(std::string_view bytes);

}  // namespace ringfiles::text
