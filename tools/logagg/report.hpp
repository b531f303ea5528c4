// The report as bytes, a chunk at a time, so that whoever writes it neither holds it twice nor
// keeps a loop busy for long.
//
//     report out(std::move(runs), std::move(sources), report_format::text);
//     for (std::string_view chunk = out.next_chunk(); !chunk.empty(); chunk = out.next_chunk())
//       co_await file.write(chunk);
//
// Text is the article's:
//
//     Error Report -- 2 errors found
//     ==================================================
//     [service_a.log] 2026-05-07 08:01:05 ERROR DB timeout on query /users
//     [service_b.log] 2026-05-07 08:02:15 ERROR queue consumer crashed: ConnectionReset
//
// JSON is one document with one entry to a line, so that it can be compared and searched, too:
//
//     {"count": 2, "entries": [
//     {"source": "a.log", "line_number": 2, "timestamp": "2026-05-07T08:01:05Z", "text": "…"},
//     {"source": "b.log", "line_number": 7, "timestamp": null, "text": "…"}
//     ]}
//
// A source's name is shown as UTF-8 like the lines (malformed bytes as `\xNN`); its control
// characters are escaped likewise in a text report, where a line feed would forge a line.
//
// SAFETY: one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "logagg/entry.hpp"

namespace logagg {

enum class report_format { text, json };

class report {
 public:
  /// What one write is for. To format so much takes 0.04 ms as text, 0.14 ms as JSON.
  static constexpr std::size_t chunk_bytes = 64 * 1024;
  /// A chunk ends with the part of an entry that makes it full.
  static constexpr std::size_t largest_chunk_bytes = chunk_bytes + 32 * 1024;

  /// REQUIRES: each run of entries is in order, and each file_index is that of a source.
  report(std::vector<entry_run> runs, std::vector<std::string> sources, report_format format);

  /// The next bytes, `chunk_bytes` or a little more; empty at the end. They live until the next
  /// call.
  std::string_view next_chunk();

  std::size_t entry_count() const noexcept { return entries_.size(); }

 private:
  enum class part { head, entry_start, entry_text, entry_end, tail, none };

  void add_next_part();
  void add_head();
  void add_entry_start();
  void add_some_text();
  void add_entry_end();

  merged_entries entries_;
  std::vector<std::string> sources_;  // as they are shown
  report_format format_;

  part next_ = part::head;
  const entry* current_ = nullptr;
  std::size_t text_begin_ = 0;  // of its text, what is not yet in a chunk
  std::string chunk_;
};

}  // namespace logagg
