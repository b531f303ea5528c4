// Counting in text/utf8.hpp. A character is counted where it starts: at every byte that is not a
// continuation byte (10xxxxxx). Read as signed numbers, the continuation bytes are those below -64.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "text/utf8.hpp"

namespace ringfiles::text {
namespace {

/// 16 counters of one byte each, for GCC's and Clang's vector arithmetic on any machine. (GCC 12
/// makes poor code of wider ones where the machine has no such registers.)
using counters = std::uint8_t __attribute__((vector_size(16)));
using signed_bytes = std::int8_t __attribute__((vector_size(16)));

constexpr bool starts_character(char byte) noexcept {
  return static_cast<std::int8_t>(byte) >= -64;
}

/// Counts in whole blocks; a counter of one byte must be emptied after 255 of them.
std::size_t count_in_blocks(const char* bytes, std::size_t blocks) noexcept {
  std::size_t count = 0;
  while (blocks != 0) {
    const std::size_t turns = std::min<std::size_t>(blocks, 255);
    counters starts{};
    for (std::size_t i = 0; i < turns; ++i, bytes += sizeof(counters)) {
      signed_bytes block;
      std::memcpy(&block, bytes, sizeof block);
      starts -= reinterpret_cast<counters>(block >= -64);  // true is -1
    }
    for (std::size_t i = 0; i < sizeof(counters); ++i) count += starts[i];
    blocks -= turns;
  }
  return count;
}

}  // namespace

std::size_t count_characters(std::string_view utf8) noexcept {
  const std::size_t blocks = utf8.size() / sizeof(counters);
  std::size_t count = count_in_blocks(utf8.data(), blocks);
  utf8.remove_prefix(blocks * sizeof(counters));
  for (const char byte : utf8) count += starts_character(byte);
  return count;
}

std::size_t offset_of_character(std::string_view utf8, std::size_t n) noexcept {
  // k characters take k bytes at least, so k bytes can be skipped and the characters in them
  // counted: for ASCII that is all, and otherwise what is missing shrinks by a quarter or more.
  std::size_t offset = 0;
  while (n != 0 && offset < utf8.size()) {
    const std::string_view skipped = utf8.substr(offset, n);
    n -= count_characters(skipped);
    offset += skipped.size();
  }
  while (offset < utf8.size() && !starts_character(utf8[offset])) ++offset;
  return offset;
}

}  // namespace ringfiles::text
