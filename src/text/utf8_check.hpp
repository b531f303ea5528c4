#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

/// Is a text well-formed UTF-8? A vector of bytes at a time, without a branch on what it holds.
///
/// The method is that of John Keiser and Daniel Lemire, "Validating UTF-8 in less than one
/// instruction per byte", Software: Practice and Experience 51 (2021). All that is wrong with two
/// neighbouring bytes is seen in three of their half bytes, so three look-ups in tables of 16 find
/// it, each kind of error in a bit of its own. What is left is whether a continuation byte behind
/// another is wanted there, which the two bytes in front of these tell.
///
/// Written over a `Vector` of an instruction set; the files that have one are compiled with flags
/// that not every processor can follow. So nothing here is a function that another file could share
/// with them: it depends on `Vector`, which is local to its file, or is a builtin.

namespace ringfiles::text {

/// Which values of a half byte, as a set of bits.
using half_byte_set = std::uint16_t;

constexpr half_byte_set half_bytes(unsigned first, unsigned last) {
  return static_cast<half_byte_set>(((2u << last) - 1) & ~((1u << first) - 1));
}

/// Two bytes that must not follow each other.
struct wrong_pair {
  half_byte_set first_high;
  half_byte_set first_low;
  half_byte_set second_high;
};

/// Bit i of a table's entries belongs to element i. Those from E0 on want more continuation bytes
/// than one: the last element's bit, 0x80, says "a continuation byte behind another".
inline constexpr wrong_pair wrong_pairs[] = {
    {half_bytes(0x0, 0x7), half_bytes(0x0, 0xf), half_bytes(0x8, 0xb)},  // nothing to continue
    {half_bytes(0xc, 0xf), half_bytes(0x0, 0xf),
     static_cast<half_byte_set>(~half_bytes(0x8, 0xb))},                 // continuation missing
    {half_bytes(0xc, 0xc), half_bytes(0x0, 0x1), half_bytes(0x8, 0xb)},  // overlong: below U+0080
    {half_bytes(0xe, 0xe), half_bytes(0x0, 0x0), half_bytes(0x8, 0x9)},  // below U+0800
    {half_bytes(0xe, 0xe), half_bytes(0xd, 0xd), half_bytes(0xa, 0xb)},  // a surrogate
    {half_bytes(0xf, 0xf), half_bytes(0x4, 0xf), half_bytes(0x9, 0xb)},  // above U+10FFFF
    {half_bytes(0xf, 0xf), static_cast<half_byte_set>(half_bytes(0x0, 0x0) | half_bytes(0x5, 0xf)),
     half_bytes(0x8, 0x8)},  // below U+10000, or above
    {half_bytes(0x8, 0xb), half_bytes(0x0, 0xf), half_bytes(0x8, 0xb)},
};

struct half_byte_table {
  std::uint8_t entries[16];
};

constexpr half_byte_table make_table(half_byte_set wrong_pair::* part) {
  half_byte_table table{};
  for (unsigned value = 0; value < 16; ++value) {
    for (unsigned i = 0; i < 8; ++i) {
      const unsigned bit = static_cast<unsigned>(wrong_pairs[i].*part) >> value & 1u;
      table.entries[value] = static_cast<std::uint8_t>(table.entries[value] | bit << i);
    }
  }
  return table;
}

inline constexpr half_byte_table first_high_table = make_table(&wrong_pair::first_high);
inline constexpr half_byte_table first_low_table = make_table(&wrong_pair::first_low);
inline constexpr half_byte_table second_high_table = make_table(&wrong_pair::second_high);

template <class Vector>
class utf8_check {
 public:
  /// See `instruction_set`.
  static std::size_t skip_well_formed(const char* bytes, std::size_t size) noexcept {
    if (size == 0) return 0;
    // The last character stays outside, so that an incomplete one spoils nothing.
    const std::size_t end = start_of_last(bytes, size);
    utf8_check check;
    std::size_t place = 0;
    for (; end - place >= group_bytes; place += group_bytes) {
      fetch(bytes, place + fetch_ahead_bytes, end);
      if (!check.next(bytes + place)) return place == 0 ? 0 : start_of_last(bytes, place);
    }
    char rest[group_bytes] = {};  // zeros are text
    std::memcpy(rest, bytes + place, end - place);
    if (check.next(rest)) return end;
    return place == 0 ? 0 : start_of_last(bytes, place);
  }

 private:
  /// Seen at once: in a text with some letters beyond ASCII in each line, most groups have one, and
  /// the branch on that is predicted.
  static constexpr std::size_t group_bytes = 4 * Vector::size;

  [[gnu::always_inline]] static std::size_t start_of_last(const char* bytes,
                                                          std::size_t end) noexcept {
    std::size_t place = end - 1;
    for (int back = 0; back < 3 && place > 0; ++back, --place) {
      if ((static_cast<unsigned char>(bytes[place]) & 0xc0) != 0x80) break;
    }
    return place;
  }

  /// Asks for the bytes that come later. The processor by itself does not look beyond a page: of
  /// texts that are in no cache, it takes a sixth of the time.
  static constexpr std::size_t fetch_ahead_bytes = 4096;
  [[gnu::always_inline]] static void fetch(const char* bytes, std::size_t place,
                                           std::size_t end) noexcept {
    if (place + group_bytes > end) return;
    for (std::size_t i = 0; i < group_bytes; i += 64) __builtin_prefetch(bytes + place + i);
  }

  /// Whether the next bytes are a well-formed continuation of those before them.
  [[gnu::always_inline]] bool next(const char* group) noexcept {
    const Vector a = Vector::load(group);
    const Vector b = Vector::load(group + Vector::size);
    const Vector c = Vector::load(group + 2 * Vector::size);
    const Vector d = Vector::load(group + 3 * Vector::size);
    if (!(a | b | c | d).any_high_bit()) {
      const bool good = !open_;  // a character that was begun is not gone on with
      before_ = d;
      return good;
    }
    const Vector wrong = errors(a, before_) | errors(b, a) | errors(c, b) | errors(d, c);
    before_ = d;
    open_ = (static_cast<unsigned char>(group[group_bytes - 1]) >= 0xc0) |
            (static_cast<unsigned char>(group[group_bytes - 2]) >= 0xe0) |
            (static_cast<unsigned char>(group[group_bytes - 3]) >= 0xf0);
    return !wrong.any();
  }

  [[gnu::always_inline]] Vector errors(Vector bytes, Vector before) const noexcept {
    const Vector first = bytes.template after<1>(before);
    const Vector pairs = first_high_.look_up(first.high_halves()) &
                         first_low_.look_up(first.low_halves()) &
                         second_high_.look_up(bytes.high_halves());
    // Bit 0x80: the byte is the third or fourth of a character.
    const Vector further = bytes.template after<2>(before).minus_saturated(0xe0 - 0x80) |
                           bytes.template after<3>(before).minus_saturated(0xf0 - 0x80);
    return (further & Vector::splat(0x80)) ^ pairs;
  }

  Vector before_ = Vector::splat(0);
  bool open_ = false;  ///< the last group ends within a character
  const Vector first_high_ = Vector::repeat(first_high_table.entries);
  const Vector first_low_ = Vector::repeat(first_low_table.entries);
  const Vector second_high_ = Vector::repeat(second_high_table.entries);
};

}  // namespace ringfiles::text
