#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringfiles/newline.hpp"
#include "text/line_index.hpp"

/// The search for line ends, over a `Block` that compares 64 bytes by the vectors of an instruction
/// set. As in text/utf8_check.hpp nothing here is a function that files compiled with different
/// flags could share. Inlining is forced, because GCC 12 makes calls of the small ones at -O2.

namespace ringfiles::text {

template <class Block>
class line_search {
 public:
  /// `text::index_line_ends`, `room` elements of `ends`.
  static line_index index(const char* begin, const char* from, const char* end, newline mode,
                          bool pairs, const char** ends, std::size_t room) noexcept {
    const piece text{begin, from, end};
    place_list list{ends, room};
    switch (mode) {
      case newline::lf:
        return index_with(single_byte{'\n'}, text, list);
      case newline::cr:
        return index_with(single_byte{'\r'}, text, list);
      case newline::crlf:
        return index_with(return_and_feed{}, text, list);
      case newline::universal:
      case newline::untranslated:
        break;
    }
    return index_any(text, pairs, list);
  }

 private:
  static constexpr std::size_t block_bytes = 64;

  struct piece {
    const char* begin;
    const char* from;
    const char* end;
  };

  // How a mode finds terminators in a block, given the byte before it. `mask` has a bit for the
  // byte that decides (the second of a required pair); `back` leads from there to the terminator's
  // first.

  struct single_byte {
    char terminator;
    static constexpr bool pairs = false;
    static constexpr std::ptrdiff_t back = 0;

    [[gnu::always_inline]] std::uint64_t mask(const char* block, char) const noexcept {
      return Block::equal_mask(block, terminator);
    }
  };

  struct return_and_feed {
    static constexpr bool pairs = true;
    static constexpr std::ptrdiff_t back = 1;

    [[gnu::always_inline]] std::uint64_t mask(const char* block, char before) const noexcept {
      return Block::equal_mask(block, '\n') &
             behind_returns(Block::equal_mask(block, '\r'), before);
    }
  };

  struct any_terminator {
    static constexpr bool pairs = true;
    static constexpr std::ptrdiff_t back = 0;

    [[gnu::always_inline]] std::uint64_t mask(const char* block, char before) const noexcept {
      const std::uint64_t returns = Block::equal_mask(block, '\r');
      return returns | (Block::equal_mask(block, '\n') & ~behind_returns(returns, before));
    }
  };

  /// The places that follow a "\r", given where those are and the byte before the block.
  [[gnu::always_inline]] static std::uint64_t behind_returns(std::uint64_t returns,
                                                             char before) noexcept {
    return returns << 1 | static_cast<std::uint64_t>(before == '\r');
  }

  [[gnu::always_inline]] static unsigned lowest(std::uint64_t mask) noexcept {
    return static_cast<unsigned>(__builtin_ctzll(mask | 1ull << (block_bytes - 1)));
  }

  /// The places found, in the order in which they are.
  struct place_list {
    const char** places;
    std::size_t room;
    std::size_t size = 0;

    /// Appends the places in `mask` and returns what did not fit. The first `slots` are stored
    /// without asking whether they exist: a branch on that would be mispredicted for every other
    /// line. Only blocks with more lines take the loop. REQUIRES: room for `slots`.
    template <std::size_t slots>
    [[gnu::always_inline]] std::uint64_t append(const char* base, std::uint64_t mask) noexcept {
      for (std::size_t i = 0; i < slots; ++i) {
        places[size] = base + lowest(mask);
        size += mask != 0;
        mask &= mask - 1;
      }
      for (; mask != 0 && size != room; mask &= mask - 1) places[size++] = base + lowest(mask);
      return mask;
    }
  };

  [[gnu::always_inline]] static char byte_before(const char* from, const char* begin) noexcept {
    return from == begin ? '\0' : from[-1];
  }

  /// Searches whole blocks and returns where it stopped: behind them, or where the list was full.
  template <std::size_t slots, class Terminator>
  [[gnu::always_inline]] static const char* search_blocks(Terminator terminator, const char* begin,
                                                          const char* from, std::size_t blocks,
                                                          place_list& list) noexcept {
    char before = byte_before(from, begin);
    for (; blocks != 0; --blocks) {
      if (list.size + slots > list.room) return from;
      const std::uint64_t mask = terminator.mask(from, before);
      const std::uint64_t left = list.template append<slots>(from - Terminator::back, mask);
      if (left != 0) [[unlikely]]
        return from + lowest(left);
      from += block_bytes;
      before = from[-1];
    }
    return from;
  }

  /// Blocks that tell, by the lines in them, how many to expect in those that follow.
  static constexpr std::size_t sample_blocks = 8;

  template <class Terminator>
  static line_index index_with(Terminator terminator, const piece& text, place_list list) noexcept {
    const char* from = text.from;
    const std::size_t blocks = static_cast<std::size_t>(text.end - from) / block_bytes;
    const std::size_t sample = blocks < sample_blocks ? blocks : sample_blocks;
    const std::size_t rest = blocks - sample;
    const char* const last_block = from + blocks * block_bytes;
    const char* const sampled = from + sample * block_bytes;
    const char* const begin = text.begin;
    from = search_blocks<2>(terminator, begin, from, sample, list);
    if (from == sampled && rest != 0) {
      from = list.size < sample_blocks ? search_blocks<1>(terminator, begin, from, rest, list)
             : list.size < 2 * sample_blocks
                 ? search_blocks<2>(terminator, begin, from, rest, list)
                 : search_blocks<4>(terminator, begin, from, rest, list);
    }
    if (from == last_block) {
      char last[block_bytes] = {};
      std::memcpy(last, from, static_cast<std::size_t>(text.end - from));
      const std::uint64_t mask = terminator.mask(last, byte_before(from, begin));
      const std::uint64_t left = list.template append<0>(from - Terminator::back, mask);
      from = left == 0 ? text.end : from + lowest(left);
    }
    return {list.size, from, Terminator::pairs};
  }

  /// The modes that take "\n", "\r" and "\r\n" alike. As long as a text has no "\r", only "\n" is
  /// looked for; afterwards memchr, which is quickest of all and finds the bytes in the first-level
  /// cache, tells whether that was right. After the first "\r" there are usually many.
  static line_index index_any(const piece& text, bool returns, place_list list) noexcept {
    if (!returns) {
      const line_index index = index_with(single_byte{'\n'}, text, list);
      const auto searched = static_cast<std::size_t>(index.searched - text.from);
      if (std::memchr(text.from, '\r', searched) == nullptr) return index;
    }
    return index_with(any_terminator{}, text, list);
  }
};

}  // namespace ringfiles::text
