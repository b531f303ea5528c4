// Short texts in many encodings, most of them malformed, and what CPython makes of each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ringfiles/file.hpp"

namespace ringfiles::contract {

/// A text that is to be read in all ways, cut at each of its bytes.
struct split_vector {
  std::string encoding;
  const char* errors_name;
  text_errors errors;
  const char* newline_name;  ///< as a Python expression
  newline mode;
  std::string bytes;

  /// One line for the Python side, and for people who look at a failure.
  std::string text() const;
};

/// What a reader gets, as one line of words; a failure is the words of its error.
struct reading {
  std::string whole;  ///< by read()
  std::string lines;  ///< by readline()
  std::string batch;  ///< by next_lines(), without terminators
};

/// All texts of up to three pieces of each encoding, for each newline mode and error handler; of
/// these every `stride`-th.
std::vector<split_vector> split_vectors(std::size_t stride);

/// Each byte that is no ASCII at the end of a text, in encodings in which characters have several.
std::vector<split_vector> lone_bytes();

/// What CPython gives for each. It is asked for each split, too, and must give the same for all of
/// them (but for where in a text with an error it gives up). Nothing: there is no python3.
std::optional<std::vector<reading>> ask_python(const std::vector<split_vector>& vectors);

}  // namespace ringfiles::contract
