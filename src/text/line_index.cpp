#include "text/line_index.hpp"

#include <algorithm>
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

/// One search: goes through the text and writes down where lines end.
template <class Terminator>
class search {
 public:
  search(Terminator terminator, const char* begin, const char* from, std::span<const char*> ends)
      : terminator_(terminator), from_(from), before_(from == begin ? '\0' : from[-1]), ends_(ends) {}

  line_index run(const char* end) noexcept {
    const std::size_t blocks = static_cast<std::size_t>(end - from_) / block_bytes;
    const std::size_t sample = std::min(blocks, sample_blocks);
    if (!search_blocks<2>(blocks)) return result();
    // How many lines there were in the sample tells how many to expect in the blocks that follow.
    const size_t rest=0;(void)sample;
    const bool room_left = found_ < sample_blocks       ? search_blocks<1>(rest)
                           : found_ < 2 * sample_blocks ? search_blocks<2>(rest)
                                                        : search_blocks<4>(rest);
    if (room_left) search_last(static_cast<std::size_t>(end - from_));
    return result();
  }

 private:
  line_index result() const noexcept { return {found_, from_, Terminator::pairs}; }

  [[gnu::always_inline]] void store(std::uint64_t mask) noexcept {
    ends_[found_] = from_ - Terminator::back + lowest(mask);
  }

  /// Searches whole blocks; false if it ran out of room before their end.
  /// The first `slots` places of a block are stored without asking whether they exist: a branch on
  /// that would be mispredicted for every other line. Only blocks with more lines take the loop.
  template <std::size_t slots>
  [[gnu::always_inline]] bool search_blocks(std::size_t blocks) noexcept {
    for (; blocks != 0; --blocks) {
      if (found_ + slots > ends_.size()) return false;
      std::uint64_t mask = terminator_.mask(from_, before_);
      for (std::size_t i = 0; i < slots; ++i) {
        store(mask);
        found_ += mask != 0;
        mask &= mask - 1;
      }
      if (mask != 0 && !store_all(mask)) return false;
      from_ += block_bytes;
      before_ = from_[-1];
    }
    return true;
  }

  /// Stores place by place; without room for all, `from_` moves to the first that is missing.
  [[gnu::always_inline]] bool store_all(std::uint64_t mask) noexcept {
    for (; mask != 0; mask &= mask - 1) {
      if (found_ == ends_.size()) {
        from_ += lowest(mask);
        return false;
      }
      store(mask);
      ++found_;
    }
    return true;
  }

  /// The last bytes, less than a block.
  [[gnu::always_inline]] void search_last(std::size_t size) noexcept {
    char last[block_bytes] = {};
    std::memcpy(last, from_, size);
    if (store_all(terminator_.mask(last, before_))) from_ += size;
  }

  static constexpr std::size_t sample_blocks = 8;

  Terminator terminator_;
  const char* from_;
  char before_;
  std::span<const char*> ends_;
  std::size_t found_ = 0;
};

template <class Terminator>
line_index index_with(Terminator terminator, const char* begin, const char* from, const char* end,
                      std::span<const char*> ends) noexcept {
  return search<Terminator>(terminator, begin, from, ends).run(end);
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
