// One file's way from blocks of lines to entries of the report.
//
// Wanted lines get their timestamp, their number and a text that can be shown. A wanted line that
// has no timestamp (a stack trace, the second line of a message) takes that of the nearest line
// above it, wanted or not, unless that is too far away. So it is looked for upwards, from wanted
// lines and from the end of each block, and nearly always found at once: most lines are never
// parsed.
//
// The text is the line without blanks at either end, as in the article's program, malformed UTF-8
// escaped. A byte order mark at the file's start and NULs at a line's start (the hole that a writer
// leaves whose file was cut to nothing under it) are not part of it.
//
// Pure: no file, no waiting. SAFETY: one thread at a time; the filter may be shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "logagg/entry.hpp"
#include "logagg/match.hpp"
#include "logagg/timestamp.hpp"

namespace logagg {

class file_scan {
 public:
  /// So many lines above one without a timestamp are looked at. More than any stack trace has (Java
  /// stops at 1024 frames, and prints one a line), few enough that a file of another kind, without
  /// any timestamp, costs 0.1 ms more a block and not a parse of each line.
  static constexpr std::size_t inherited_lines_max = 1100;

  /// `filter` has to outlive this. Lines that are not counted have the number 0.
  file_scan(const line_filter& filter, const timestamp_context& context, std::size_t file_index,
            line_numbers numbers = line_numbers::counted);

  /// Appends the entries of the file's next block (as line_blocks hands them out).
  void scan(std::string_view block, entry_run& found);

  /// How many lines have begun so far; 0 if they are not counted.
  std::uint64_t line_count() const noexcept;

 private:
  std::optional<timestamp> inherited_time() const noexcept;
  void advance_time(std::string_view block, std::size_t end);

  const line_filter* filter_;
  timestamp_context context_;
  std::size_t file_index_;
  line_numbers numbers_;
  std::uint64_t next_number_ = 1;
  std::uint64_t block_offset_ = 0;
  bool at_file_start_ = true;
  bool inside_line_ = false;       // the last block ended with a piece of a line
  std::optional<timestamp> time_;  // the last one before `timed_until_`
  std::size_t time_age_ = 0;       // so many lines above the one that ends there
  std::size_t timed_until_ = 0;    // in the block being scanned
};

}  // namespace logagg
