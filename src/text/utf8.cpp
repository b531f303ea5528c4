#include "text/utf8.hpp"

#include <cstdint>
#include <cstring>

#include "text/instruction_set.hpp"

namespace ringfiles::text {
namespace {

constexpr const char* invalid_start = "invalid start byte";
constexpr const char* invalid_continuation = "invalid continuation byte";
constexpr const char* unexpected_end = "unexpected end of data";

/// Fewer bytes than this are not worth a call.
constexpr std::size_t scalar_bytes = 32;

constexpr bool is_continuation(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// What a first byte promises: the length of its sequence (0: no sequence starts so) and the range
/// of the second byte. Third and fourth bytes are always 80..BF.
struct first_byte {
  std::uint8_t length;
  std::uint8_t second_low;
  std::uint8_t second_high;
};

constexpr first_byte classify(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte < 0xf0) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte < 0xf4) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

/// Scans the one character at the front of `bytes`, which are not empty.
utf8_scan scan_character(std::string_view bytes) noexcept {
  const first_byte first = classify(static_cast<unsigned char>(bytes[0]));
  if (first.length == 0) return {0, 0, 1, invalid_start};
  for (std::size_t i = 1; i < first.length; ++i) {
    if (i == bytes.size()) return {0, i, 0, nullptr};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const bool fits =
        i == 1 ? byte >= first.second_low && byte <= first.second_high : is_continuation(bytes[i]);
    if (!fits) return {0, 0, i, invalid_continuation};
  }
  return {first.length, 0, 0, nullptr};
}

bool eight_ascii(const char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return (word & 0x8080808080808080u) == 0;
}

/// Byte by byte from `place`, before which everything is well-formed.
utf8_scan scan_slowly(std::string_view bytes, std::size_t place) noexcept {
  while (place < bytes.size()) {
    if (bytes.size() - place >= 8 && eight_ascii(bytes.data() + place)) {
      place += 8;
      continue;
    }
    utf8_scan character = scan_character(bytes.substr(place));
    if (character.valid == 0) {
      character.valid = place;
      return character;
    }
    place += character.valid;
  }
  return {place, 0, 0, nullptr};
}

utf8_scan scan(std::string_view bytes) noexcept {
  if (bytes.size() < scalar_bytes) return scan_slowly(bytes, 0);
  const auto& vectors = fastest_instruction_set();
  return scan_slowly(bytes, vectors.skip_well_formed(bytes.data(), bytes.size()));
}

/// The first two bytes of a surrogate in three bytes, and nothing behind them.
bool is_cut_surrogate(std::string_view bytes) noexcept {
  return bytes.size() == 2 && bytes[0] == '\xed' && static_cast<unsigned char>(bytes[1]) >= 0xa0 &&
         is_continuation(bytes[1]);
}

}  // namespace

utf8_scan scan_utf8(std::string_view bytes) noexcept {
  const utf8_scan found = scan(bytes);
  // CPython waits for the third byte (bpo-24214): errors="surrogatepass" wants to see all three.
  if (found.malformed != 0 && is_cut_surrogate(bytes.substr(found.valid))) {
    return {found.valid, 2, 0, nullptr};
  }
  return found;
}

utf8_scan scan_utf8_final(std::string_view bytes) noexcept {
  const utf8_scan found = scan(bytes);
  if (found.incomplete == 0) return found;
  return {found.valid, 0, found.incomplete, unexpected_end};
}

std::string escape_malformed(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string escaped;
  escaped.reserve(bytes.size());
  while (!bytes.empty()) {
    const utf8_scan found = scan_utf8_final(bytes);
    escaped.append(bytes, 0, found.valid);
    for (const char bad : bytes.substr(found.valid, found.malformed)) {
      const auto byte = static_cast<unsigned char>(bad);
      escaped.append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
    }
    bytes.remove_prefix(found.valid + found.malformed);
  }
  return escaped;
}

}  // namespace ringfiles::text
