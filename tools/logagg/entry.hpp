// One line of the report, and the order of the lines.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "logagg/text_store.hpp"
#include "logagg/timestamp.hpp"

namespace logagg {

struct entry {
  /// When. A line without a timestamp has that of the line before it in its file; the first lines
  /// of a file may have none.
  std::optional<timestamp> time;
  std::size_t file_index = 0;     ///< into the list of sources
  std::uint64_t line_number = 0;  ///< from 1
  std::uint64_t offset = 0;       ///< where the line begins, in the file's uncompressed bytes
  std::string_view text;          ///< UTF-8, without blanks at either end
};

/// The entries of one file, and the memory in which their texts lie.
struct entry_run {
  std::vector<entry> entries;
  text_store texts;
};

/// By time, those without one first; then by file; then by line; then, for the pieces of a line
/// that was too long, by place. It is total and does not depend on which file was read first, so
/// the report's bytes are the same for any number of jobs.
inline std::strong_ordering compare_order(const entry& a, const entry& b) noexcept {
  if (const auto order = a.time <=> b.time; order != 0) return order;
  if (const auto order = a.file_index <=> b.file_index; order != 0) return order;
  if (const auto order = a.line_number <=> b.line_number; order != 0) return order;
  return a.offset <=> b.offset;
}

bool is_in_order(const std::vector<entry>& entries) noexcept;

/// Puts the entries into that order. Takes 0.2 s for a million of them: a job for the pool, not for
/// a loop.
void put_in_order(std::vector<entry>& entries);

/// Many ordered runs (the files' entries) as one: the next entry is found when it is asked for, in
/// the time that log2(runs) comparisons take.
class merged_entries {
 public:
  /// REQUIRES: each run is in order.
  explicit merged_entries(std::vector<entry_run> runs);

  /// How many there are in all.
  std::size_t size() const noexcept { return size_; }
  /// The next one, which lives as long as this does; null at the end.
  const entry* next() noexcept;

 private:
  /// What is left of a run, with what nearly always decides: going to the entries for it would
  /// miss the cache.
  struct rest {
    std::optional<timestamp> time;
    std::size_t file_index;
    const entry* first;
    const entry* end;
  };
  static rest rest_from(const entry* first, const entry* end) noexcept {
    return {first->time, first->file_index, first, end};
  }
  static bool is_before(const rest& a, const rest& b) noexcept;
  void sift_down(std::size_t at) noexcept;

  std::vector<entry_run> runs_;
  std::vector<rest> heap_;  // the next entry is at the front
  std::size_t size_ = 0;
};

}  // namespace logagg
