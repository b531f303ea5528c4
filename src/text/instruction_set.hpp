#pragma once

#include <cstddef>
#include <span>

#include "ringfiles/newline.hpp"
#include "text/line_index.hpp"

/// The two loops that see every byte of a text, once for each set of vector instructions; which one
/// the processor has is asked at run time.
///
/// SAFETY: pure functions.

namespace ringfiles::text {

struct instruction_set {
  const char* name;

  /// Where well-formed UTF-8 ends or shortly before it, at the beginning of a character: all of the
  /// bytes, or up to some hundred (half the way, at most 32 KiB) before the first malformed one.
  std::size_t (*skip_well_formed)(const char* bytes, std::size_t size) noexcept;

  /// `text::index_line_ends` with `room` elements from `ends` on.
  line_index (*index_line_ends)(const char* begin, const char* from, const char* end, newline mode,
                                bool pairs, const char** ends, std::size_t room) noexcept;
};

/// Those that this processor can execute, the fastest first; the last one always can.
std::span<const instruction_set* const> usable_instruction_sets() noexcept;

const instruction_set& fastest_instruction_set() noexcept;

// src/text/avx2.cpp and avx512.cpp; null where they could not be compiled.
extern const instruction_set* const avx2_instructions;
extern const instruction_set* const avx512_instructions;

}  // namespace ringfiles::text
