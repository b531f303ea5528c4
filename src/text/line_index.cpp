#include "text/line_index.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "text/byte_block.hpp"

namespace ringfiles::text {
namespace {

// How a mode finds terminators in a block, given the byte before it. `mask` has a bit for the byte
// that decides (the second of a required pair); `back` leads from there to the terminator's first.
// Inlining is forced, because GCC 12 makes calls of them at -O2.

struct single_byte {
  char terminator;
  static constexpr bool pairs = false;
  static constexpr std::ptrdiff_t back = 0;

  [[gnu::always_inline]] std::uint64_t mask(const char* block, char) const noexcept {
    return equal_mask(block, terminator);
  }
};

struct return_and_feed {
  static constexpr bool pairs = true;
  static constexpr std::ptrdiff_t back = 1;

  [[gnu::always_inline]] std::uint64_t mask(const char* block, char before) const noexcept {
    return equal_mask(block, '\n') & after_return(equal_mask(block, '\r'), before);
  }
};

struct any_terminator {
  static constexpr bool pairs = true;
  static constexpr std::ptrdiff_t back = 0;

  [[gnu::always_inline]] std::uint64_t mask(const char* block, char before) const noexcept {
    const std::uint64_t returns = equal_mask(block, '\r');
    return returns | (equal_mask(block, '\n') & ~after_return(returns, before));
  }
};

[[gnu::always_inline]] inline unsigned lowest(std::uint64_t mask) noexcept {
  return static_cast<unsigned>(std::countr_zero(mask | 1ull << (block_bytes - 1)));
}

/// The places found, in the order in which they are.
struct place_list {
  const char** places;
  std::size_t room;
  std::size_t size = 0;

  /// Appends the places in `mask` and returns what did not fit. The first two are stored without
  /// asking whether they exist: a branch on that would be mispredicted for every second line. Only
  /// blocks with more than two lines take the loop. REQUIRES: room for two.
  [[gnu::always_inline]] std::uint64_t append(const char* base, std::uint64_t mask) noexcept {
    places[size] = base + lowest(mask);
    size += mask != 0;
    mask &= mask - 1;
    places[size] = base + lowest(mask);
    size += mask != 0;
    mask &= mask - 1;
    return mask == 0 ? 0 : append_one_by_one(base, mask);
  }

  [[gnu::always_inline]] std::uint64_t append_one_by_one(const char* base,
                                                         std::uint64_t mask) noexcept {
    for (; mask != 0 && size != room; mask &= mask - 1) places[size++] = base + lowest(mask);
    return mask;
  }
};

template <class Terminator>
line_index index_with(Terminator terminator, const char* begin, const char* from, const char* end,
                      std::span<const char*> ends) noexcept {
  place_list list{ends.data(), ends.size()};
  const auto result = [&](const char* searched) {
    return line_index{list.size, searched, Terminator::pairs};
  };
  char before = from == begin ? '\0' : from[-1];
  for (auto blocks = static_cast<std::size_t>(end - from) / block_bytes; blocks != 0; --blocks) {
    if (list.size + 2 > list.room) return result(from);
    const std::uint64_t mask = terminator.mask(from, before);
    const std::uint64_t left = list.append(from - Terminator::back, mask);
    if (left != 0) [[unlikely]]
      return result(from + lowest(left));
    from += block_bytes;
    before = from[-1];
  }
  char last[block_bytes] = {};
  std::memcpy(last, from, static_cast<std::size_t>(end - from));
  const std::uint64_t mask = terminator.mask(last, before);
  const std::uint64_t left = list.append_one_by_one(from - Terminator::back, mask);
  return result(left == 0 ? end : from + lowest(left));
}

/// The modes that take "\n", "\r" and "\r\n" alike. As long as a text has no "\r", only "\n" is
/// looked for; afterwards memchr, which is quickest of all and finds the bytes in the first-level
/// cache, tells whether that was right. After the first "\r" there are usually many.
line_index index_any(const char* begin, const char* from, const char* end, bool returns,
                     std::span<const char*> ends) noexcept {
  if (!returns) {
    const line_index index = index_with(single_byte{'\n'}, begin, from, end, ends);
    const auto searched = static_cast<std::size_t>(index.searched - from);
    if (std::memchr(from, '\r', searched) == nullptr) return index;
  }
  return index_with(any_terminator{}, begin, from, end, ends);
}

}  // namespace

line_index index_line_ends(const char* begin, const char* from, const char* end, newline mode,
                           bool pairs, std::span<const char*> ends) noexcept {
  switch (mode) {
    case newline::lf:
      return index_with(single_byte{'\n'}, begin, from, end, ends);
    case newline::cr:
      return index_with(single_byte{'\r'}, begin, from, end, ends);
    case newline::crlf:
      return index_with(return_and_feed{}, begin, from, end, ends);
    case newline::universal:
    case newline::untranslated:
      break;
  }
  return index_any(begin, from, end, pairs, ends);
}

}  // namespace ringfiles::text
