#include "logagg/escape.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace logagg {
namespace {

using byte = unsigned char;

// The second byte is where overlong forms, surrogates and what is beyond U+10FFFF show.
bool is_second_byte(byte lead, byte second) noexcept {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return second >= 0x80 && second <= 0xBF;
  }
}

// Bytes of the character that `text` begins with; 0 if it is malformed. REQUIRES: not empty.
std::size_t character_bytes(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<byte>(text[i]); };
  const byte lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size || !is_second_byte(lead, at(1))) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

// Logs are ASCII nearly everywhere: eight bytes a step.
std::size_t ascii_prefix(std::string_view text) noexcept {
  std::size_t size = 0;
  for (std::uint64_t word = 0; size + sizeof word <= text.size(); size += sizeof word) {
    std::memcpy(&word, text.data() + size, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (size < text.size() && static_cast<byte>(text[size]) < 0x80) ++size;
  return size;
}

std::size_t well_formed_prefix(std::string_view text) noexcept {
  std::size_t size = 0;
  for (;;) {
    size += ascii_prefix(text.substr(size));
    if (size == text.size()) return size;
    const std::size_t character = character_bytes(text.substr(size));
    if (character == 0) return size;
    size += character;
  }
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept { return well_formed_prefix(bytes) == bytes.size(); }

// Escaping one byte and then starting anew gives what CPython gives for its "maximal subparts": all
// but the first byte of such a part are continuations, which never start a character.
std::string escape_malformed(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (;;) {
    const std::size_t good = well_formed_prefix(bytes);
    out.append(bytes.substr(0, good));
    if (good == bytes.size()) return out;
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<byte>(bytes[good]));
    bytes.remove_prefix(good + 1);
  }
}

void append_json_escaped(std::string& out, std::string_view utf8) {
  const auto needs_escape = [](char c) {
    return static_cast<byte>(c) < 0x20 || c == '"' || c == '\\';
  };
  while (!utf8.empty()) {
    std::size_t plain = 0;
    while (plain < utf8.size() && !needs_escape(utf8[plain])) ++plain;
    out.append(utf8.substr(0, plain));
    if (plain == utf8.size()) return;
    switch (const char c = utf8[plain]) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<byte>(c));
    }
    utf8.remove_prefix(plain + 1);
  }
}

}  // namespace logagg
