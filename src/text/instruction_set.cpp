#include "text/instruction_set.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "text/byte_block.hpp"
#include "text/line_search.hpp"

namespace ringfiles::text {
namespace {

/// The first stretch given to simdjson, in bytes; then each is twice as long as the one before. A
/// stretch with an error in it is gone through again byte by byte, so it must not be long compared
/// with the way to the error. 512 bytes cost simdjson about 15 ns.
constexpr std::size_t first_stretch_bytes = 512;

/// From here on a longer stretch gains nothing, and the second look at it would only get longer.
constexpr std::size_t last_stretch_bytes = 32 * 1024;

/// Where a character begins at or shortly before `place`, if the text is well-formed there.
std::size_t character_start(const char* bytes, std::size_t place) noexcept {
  for (std::size_t back = 0; back <= 3 && place >= back; ++back) {
    if ((static_cast<unsigned char>(bytes[place - back]) & 0xc0) != 0x80) return place - back;
  }
  return place;
}

std::size_t skip_by_simdjson(const char* bytes, std::size_t size) noexcept {
  std::size_t place = 0;
  std::size_t stretch = first_stretch_bytes;
  while (size - place > 1) {
    // The last character stays outside, so that an incomplete one does not spoil its stretch.
    const std::size_t end = character_start(bytes, std::min(place + stretch, size - 1));
    if (end <= place || !simdjson::validate_utf8(bytes + place, end - place)) break;
    place = end;
    stretch = std::min(stretch * 2, last_stretch_bytes);
  }
  return place;
}

struct block {
  [[gnu::always_inline]] static std::uint64_t equal_mask(const char* bytes, char wanted) noexcept {
    return text::equal_mask(bytes, wanted);
  }
};

constexpr instruction_set portable = {"portable", skip_by_simdjson, line_search<block>::index};

bool has_avx2() noexcept {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

bool has_avx512() noexcept {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
#else
  return false;
#endif
}

struct candidates {
  std::array<const instruction_set*, 3> usable{};
  std::size_t count = 0;

  candidates() noexcept {
    if (avx512_instructions != nullptr && has_avx512()) usable[count++] = avx512_instructions;
    if (avx2_instructions != nullptr && has_avx2()) usable[count++] = avx2_instructions;
    usable[count++] = &portable;
  }
};

}  // namespace

std::span<const instruction_set* const> usable_instruction_sets() noexcept {
  static const candidates found;
  return std::span(found.usable).first(found.count);
}

const instruction_set& fastest_instruction_set() noexcept {
  static const instruction_set& fastest = *usable_instruction_sets().front();
  return fastest;
}

}  // namespace ringfiles::text
