// For doors: where a line ends, in bytes that arrive piece by piece.
//
// For many lines at once use `ringfiles::lines`, which is faster.
//
// SAFETY: a pure function.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "ringfiles/newline.hpp"

namespace ringfiles::text {

/// A line at the front of some bytes.
struct line_end {
  std::size_t content;  ///< bytes before the terminator
  std::size_t total;    ///< bytes with the terminator

  friend bool operator==(const line_end&, const line_end&) = default;
};

/// The first line of `bytes`, which begin where the line begins; nothing if its terminator is not
/// there yet. `from` is how many bytes an earlier call on the same line has searched in vain
/// (usually the size it was given); an undecided "\r" before `from` is looked at again.
/// At the end of a file, bytes without a terminator are a line too: that is for the caller to say.
/// REQUIRES: from <= bytes.size().
std::optional<line_end> find_line_end(std::string_view bytes, newline mode, std::size_t from,
                                      bool final) noexcept;

}  // namespace ringfiles::text
