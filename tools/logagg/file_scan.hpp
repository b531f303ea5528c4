// One file's way from blocks of lines to entries of the report.
//
// Wanted lines get their timestamp, their number and a text that can be shown. A wanted line that
// has no timestamp (a stack trace, the second line of a message) takes that of the nearest line
// above it, wanted or not. So it is looked for upwards, from the wanted lines and from the end of
// each block, and stops at the first one found: most lines are never parsed.
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
#include <vector>

#include "logagg/entry.hpp"
#include "logagg/match.hpp"
#include "logagg/timestamp.hpp"

namespace logagg {

class file_scan {
 public:
  /// `filter` has to outlive this.
  file_scan(const line_filter& filter, const timestamp_context& context, std::size_t file_index);

  /// Appends the entries of the file's next block (as line_blocks hands them out).
  void scan(std::string_view block, std::vector<entry>& found);

  /// How many lines have begun so far.
  std::uint64_t line_count() const noexcept;

 private:
  std::optional<timestamp> parse(std::string_view line, bool is_block_start) const;
  void advance_time(std::string_view block, std::size_t end);

  const line_filter* filter_;
  timestamp_context context_;
  std::size_t file_index_;
  std::uint64_t next_number_ = 1;
  std::uint64_t block_offset_ = 0;
  bool at_file_start_ = true;
  bool inside_line_ = false;       // the last block ended with a piece of a line
  std::optional<timestamp> time_;  // of the lines before `timed_until_`
  std::size_t timed_until_ = 0;    // in the block being scanned
};

}  // namespace logagg
