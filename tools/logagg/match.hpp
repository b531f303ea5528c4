// Which lines are wanted: those with a word, those that a regular expression matches, or both.
//
// The word (`--level`) is found as it is, upper and lower case distinct, and only as a word: no
// letter, digit or underscore of ASCII may touch it, so ERROR is found in "[ERROR]" and in "ERROR:"
// but not in TERRORS or ERROR_CODE. (A side on which the word itself has no such byte is not
// looked at: "[error]" is found wherever it stands.) With neither option the word is ERROR.
//
// The expression (`--match`) is RE2's and is searched for within one line, without its line end, as
// the report would show it: bytes that are not UTF-8 are `\xNN` there, so that `ERROR.*failed`
// also finds a line with a broken character between the two.
//
// Lines end in "\n" or "\r\n". A "\r" elsewhere is part of its line: programs that redraw a
// progress bar write it, and what they draw is one line of the log.
//
// Cost: lines that do not match are never looked at as lines. A block without a match is gone
// through twice, once for the word and once to count its lines: together 18 GB/s with GCC, 27 with
// Clang. With an expression alone RE2 goes over the block, at 0.8 GB/s, or at 4 to 12 if the
// expression begins with plain text. Matching is linear in any case.
//
// SAFETY: const functions may be called from several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace logagg {

struct filter_options {
  std::optional<std::string> level;    ///< a word
  std::optional<std::string> pattern;  ///< a regular expression
};

struct matching_line {
  std::string_view text;     ///< without its line end
  std::uint64_t number = 0;  ///< from 1; 0 if the lines are not counted
};

/// Does anyone want to know the lines' numbers? Counting them is a third of the work.
enum class line_numbers : bool { left_out, counted };

class line_filter {
 public:
  /// ERRORS: std::invalid_argument with a text for the user: the expression is not one, or the word
  /// is empty or more than a line.
  explicit line_filter(const filter_options& options);
  line_filter(line_filter&&) noexcept;
  line_filter& operator=(line_filter&&) noexcept;
  ~line_filter();

  /// Calls `on_match(const matching_line&)` for each line wanted, in order. The views point into
  /// `block`. Returns the number of the line with which the next block begins; 0 if they are not
  /// counted.
  /// REQUIRES: `block` begins at a line's beginning and ends at a line's end, or at the file's.
  template <class OnMatch>
  std::uint64_t find_matches(std::string_view block, std::uint64_t first_number, OnMatch&& on_match,
                             line_numbers numbers = line_numbers::counted) const;

  /// Is this line, given without its line end, wanted?
  bool matches(std::string_view line) const;

 private:
  struct place {
    std::size_t begin;
    std::size_t end;   // without the line end
    std::size_t next;  // where the next line begins
  };

  bool searches_whole(std::string_view block) const noexcept;
  std::optional<place> next_match(std::string_view block, std::size_t from, bool whole) const;
  std::optional<place> next_with_word(std::string_view block, std::size_t from) const;
  std::optional<place> next_with_pattern(std::string_view block, std::size_t from) const;
  std::optional<place> next_line_by_line(std::string_view block, std::size_t from) const;
  std::size_t find_word(std::string_view text, std::size_t from) const noexcept;
  bool pattern_matches(std::string_view line) const;
  static place line_around(std::string_view block, std::size_t position) noexcept;
  static std::uint64_t count_lines(std::string_view text) noexcept;

  std::string word_;                         // empty: none asked for
  std::unique_ptr<re2::RE2> pattern_;        // null: none asked for
  std::unique_ptr<re2::RE2> block_pattern_;  // the same for many lines at once; null: not possible
};

template <class OnMatch>
std::uint64_t line_filter::find_matches(std::string_view block, std::uint64_t first_number,
                                        OnMatch&& on_match, line_numbers numbers) const {
  const bool whole = searches_whole(block);
  const bool counting = numbers == line_numbers::counted;
  std::uint64_t number = counting ? first_number : 0;
  std::size_t passed = 0;  // `number` is the line that begins here
  while (const std::optional<place> found = next_match(block, passed, whole)) {
    if (counting) number += count_lines(block.substr(passed, found->begin - passed));
    on_match(matching_line{block.substr(found->begin, found->end - found->begin), number});
    if (found->next > block.size()) return number;
    if (counting) ++number;
    passed = found->next;
  }
  return counting ? number + count_lines(block.substr(passed)) : 0;
}

}  // namespace logagg
