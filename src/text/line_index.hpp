#pragma once

#include <cstddef>
#include <span>

#include "ringfiles/newline.hpp"

/// Where lines end, many at a time: the engine under `lines`.
///
/// Going line by line with memchr costs a call and a mispredicted branch per line: 9 GB/s for lines
/// of 60 to 120 bytes. Finding the ends of many lines in one loop without unpredictable branches,
/// 64 bytes a turn: 37 GB/s with nothing beyond SSE2 (GCC 12 and Clang 19, -O2, Zen 5), 45 with
/// AVX-512, and 26 to 34 with handing them out one by one.
///
/// SAFETY: pure functions.

namespace ringfiles::text {

/// What `index_line_ends` found.
struct line_index {
  std::size_t found;     ///< how many elements of `ends` were filled; 0 only at the end
  const char* searched;  ///< where to continue; `end` when everything was searched
  bool pairs;            ///< a terminator found may be "\r\n"
};

/// Searches [from, end) and writes where the next `ends.size()` lines end, in order: for each a
/// pointer to the first byte of its terminator.
/// `begin` is where the text begins: the byte before `from` is looked at only if it lies in the
/// text. The text is complete, so a "\r" at its end is a terminator (not in mode crlf). `pairs` is
/// false for the first search of a text, later what the last one returned.
/// REQUIRES: begin <= from <= end, all in one array; four or more elements in `ends`; `from` is
/// `begin` or what the last search returned as `searched`.
line_index index_line_ends(const char* begin, const char* from, const char* end, newline mode,
                           bool pairs, std::span<const char*> ends) noexcept;

}  // namespace ringfiles::text
