// CPython's open() as the oracle: scripts of calls run there and here, and must give the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringfiles::contract {

/// One call on an open file. Which fields count depends on the letter.
struct step {
  /// r read, 1 read1, p peek (one byte), x read_exactly, i readinto, l readline, L readlines,
  /// n iterate to the end, w write, W writelines, s seek, t tell, T truncate, f flush, c close,
  /// q line_buffering, N newlines; m tells where it is and remembers it, b goes back there (the
  /// start, if there was no m), h seeks to where it is
  char call = 'r';
  std::int64_t number = -1;  ///< limit, offset, size; -1: none given
  int from = 0;              ///< seek: 0 start, 1 current, 2 end
  std::string data = {};     ///< write; writelines, where each '|' ends a piece
};

struct script {
  std::string mode;
  std::string newline = "None";             ///< as a Python expression
  std::optional<std::string> content = {};  ///< of the file before; nothing: there is none
  std::vector<step> steps = {};
  std::string encoding = "utf-8";
  std::string errors = "strict";
  int buffering = -1;  ///< as Python's

  /// One line for the Python side, and for people who look at a failure.
  std::string text() const;
};

/// Of longer results a digest is compared.
inline constexpr std::size_t most_told_bytes = 4096;

/// What each script gives: "open", then the result of each step and the content of the file after
/// the last, each in the words that the functions below make. Nothing: there is no python3.
std::optional<std::vector<std::vector<std::string>>> ask_python(
    const std::vector<script>& scripts, std::size_t most_told = most_told_bytes);

/// read, readline, content; of many a digest
std::string say_bytes(std::string_view bytes, std::size_t most_told = most_told_bytes);
std::string bytes_of(const std::string& said);  ///< what say_bytes() was given
std::string say_number(std::uint64_t number);   ///< write, seek, tell, truncate
std::string say_lines(const std::vector<std::string>& lines);
std::string say_nothing();          ///< flush, close, m, b, no file
std::string say_error(int number);  ///< of the kernel
std::string say_refusal();          ///< any error that the kernel was not asked about
std::string say_undecodable();      ///< the script ends there
std::string say_lost();             ///< Python's tell() has lost its place; ends, too

}  // namespace ringfiles::contract
