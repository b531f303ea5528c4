#include "utf8_transcode.hpp"

#include <algorithm>
#include <cstring>

#include "text_format.hpp"

namespace ringfiles::python {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080u;

unsigned char at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<unsigned char>(bytes[index]);
}

bool continues(std::string_view bytes, std::size_t index) noexcept {
  return index < bytes.size() && (at(bytes, index) & 0xc0U) == 0x80;
}

struct character {
  char32_t value = 0;
  std::size_t size = 0;  ///< 0: malformed
};

/// One that is not ASCII.
character decode_character(std::string_view bytes, std::size_t index) noexcept {
  const std::uint32_t lead = at(bytes, index);
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (size == 0 || lead > 0xf4) return {};
  char32_t value = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues(bytes, index + i)) return {};
    value = value << 6 | (at(bytes, index + i) & 0x3fU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return {};
  return {value, size};
}

/// How many of the next bytes are plain: ASCII, and no "\r" if that has a meaning.
std::size_t plain_run(std::string_view bytes, std::size_t from, bool returns_matter) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  std::size_t index = from;
  // Block by block without a branch inside, so that the compiler makes vector instructions of it.
  for (std::uint64_t words[8]; index + sizeof words <= bytes.size(); index += sizeof words) {
    std::memcpy(words, bytes.data() + index, sizeof words);
    std::uint64_t special = 0;
    for (const std::uint64_t word : words) {
      const std::uint64_t flipped = word ^ (ones * '\r');
      const std::uint64_t returns = returns_matter ? (flipped - ones) & ~flipped : 0;
      special |= word | returns;
    }
    if ((special & high_bits) != 0) break;
  }
  const auto is_plain = [&](char byte) {
    return static_cast<unsigned char>(byte) < 0x80 && (byte != '\r' || !returns_matter);
  };
  while (index < bytes.size() && is_plain(bytes[index])) ++index;
  return index - from;
}

/// Calls `plain(run)`, `wide(character)` and `line_return(is_pair)`; false where it is malformed.
template <class Plain, class Wide, class Return>
bool walk(std::string_view bytes, bool returns_matter, Plain plain, Wide wide,
          Return line_return) noexcept {
  for (std::size_t index = 0; index < bytes.size();) {
    if (const std::size_t run = plain_run(bytes, index, returns_matter)) {
      plain(bytes.substr(index, run));
      index += run;
      continue;
    }
    if (bytes[index] == '\r') {
      const bool pair = index + 1 < bytes.size() && bytes[index + 1] == '\n';
      line_return(pair);
      index += pair ? 2 : 1;
      continue;
    }
    const character next = decode_character(bytes, index);
    if (next.size == 0) return false;
    wide(next.value);
    index += next.size;
  }
  return true;
}

template <class Unit>
void transcode_to(std::string_view bytes, bool translate, Unit* into) noexcept {
  walk(
      bytes, translate,
      [&](std::string_view run) {
        into = std::transform(run.begin(), run.end(), into,
                              [](char letter) { return static_cast<Unit>(letter); });
      },
      [&](char32_t letter) { *into++ = static_cast<Unit>(letter); },
      [&](bool) { *into++ = static_cast<Unit>('\n'); });
}

template <class Unit>
void transcode_to(const byte_table& table, std::string_view bytes, bool translate,
                  Unit* into) noexcept {
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const bool returns = translate && bytes[index] == '\r';
    *into++ =
        returns ? static_cast<Unit>('\n') : static_cast<Unit>(table.letters[at(bytes, index)]);
    if (returns && index + 1 < bytes.size() && bytes[index + 1] == '\n') ++index;
  }
}

bool contains(std::string_view bytes, char letter) noexcept {
  return bytes.find(letter) != std::string_view::npos;
}

}  // namespace

text_measure measure_utf8(std::string_view bytes, bool translate) noexcept {
  text_measure made;
  made.well_formed = walk(
      bytes, true,
      [&](std::string_view run) {
        made.characters += run.size();
        if ((made.seen_newlines & seen_lf) == 0 && contains(run, '\n'))
          made.seen_newlines |= seen_lf;
      },
      [&](char32_t letter) {
        ++made.characters;
        made.widest |= letter;
      },
      [&](bool pair) {
        made.characters += pair && !translate ? 2 : 1;
        made.seen_newlines |= pair ? seen_crlf : seen_cr;
      });
  made.widest = std::min<char32_t>(made.widest, 0x10ffff);
  return made;
}

text_measure measure_latin1(std::string_view bytes, bool translate) noexcept {
  text_measure made;
  made.widest = is_ascii(bytes) ? 0 : 0xff;
  made.characters = bytes.size();
  if (!contains(bytes, '\r')) {
    made.seen_newlines = contains(bytes, '\n') ? unsigned{seen_lf} : 0U;
    return made;
  }
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (bytes[index] == '\n') made.seen_newlines |= seen_lf;
    if (bytes[index] != '\r') continue;
    const bool pair = index + 1 < bytes.size() && bytes[index + 1] == '\n';
    made.seen_newlines |= pair ? seen_crlf : seen_cr;
    made.characters -= pair && translate ? 1 : 0;
    index += pair ? 1 : 0;
  }
  return made;
}

text_measure measure_by(const byte_table& table, std::string_view bytes, bool translate) noexcept {
  text_measure made = measure_latin1(bytes, translate);
  if (made.widest == 0) return made;
  made.widest = 0;
  bool missing = false;
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const char32_t letter = table.letters[at(bytes, index)];
    made.widest |= letter;
    missing |= letter == byte_table::no_letter;
  }
  made.well_formed = !missing;
  return made;
}

void transcode_by(const byte_table& table, std::string_view bytes, bool translate, unsigned width,
                  void* into) noexcept {
  switch (width) {
    case 1:
      return transcode_to(table, bytes, translate, static_cast<std::uint8_t*>(into));
    case 2:
      return transcode_to(table, bytes, translate, static_cast<std::uint16_t*>(into));
    default:
      return transcode_to(table, bytes, translate, static_cast<std::uint32_t*>(into));
  }
}

void transcode_utf8(std::string_view bytes, bool translate, unsigned width, void* into) noexcept {
  switch (width) {
    case 1:
      return transcode_to(bytes, translate, static_cast<std::uint8_t*>(into));
    case 2:
      return transcode_to(bytes, translate, static_cast<std::uint16_t*>(into));
    default:
      return transcode_to(bytes, translate, static_cast<std::uint32_t*>(into));
  }
}

void transcode_latin1(std::string_view bytes, bool translate, void* into) noexcept {
  auto* letters = static_cast<char*>(into);
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    const bool returns = translate && bytes[index] == '\r';
    *letters++ = returns ? '\n' : bytes[index];
    if (returns && index + 1 < bytes.size() && bytes[index + 1] == '\n') ++index;
  }
}

}  // namespace ringfiles::python
