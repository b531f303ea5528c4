#include "logagg/match.hpp"

#include <re2/re2.h>

#include <stdexcept>
#include <utility>

#include "logagg/escape.hpp"
#include "logagg/text_cursor.hpp"
#include "logagg/text_search.hpp"

namespace logagg {
namespace {

constexpr auto npos = std::string_view::npos;

// May the expression be searched for in many lines at once, `^` standing for any line's beginning
// and no part of it matching a line feed (so that no search goes on behind its line)? Not if it
// speaks of the end of the text, which "\r\n" hides, of its beginning, of single bytes, or changes
// what `^` means. A false no costs only time.
bool may_span_lines(std::string_view pattern) {
  for (const std::string_view part : {"$", "\\A", "\\z", "\\C"}) {
    if (pattern.find(part) != npos) return false;
  }
  for (std::size_t at = pattern.find("(?"); at != npos; at = pattern.find("(?", at + 2)) {
    const std::size_t end = pattern.find_first_of(":)", at);
    if (pattern.substr(at, end - at).find_first_of("m-") != npos) return false;
  }
  return true;
}

std::unique_ptr<re2::RE2> compile(const std::string& pattern, bool lines_at_once) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_nl(lines_at_once);
  auto compiled = std::make_unique<re2::RE2>(lines_at_once ? "(?m)" + pattern : pattern, options);
  return compiled->ok() ? std::move(compiled) : nullptr;
}

}  // namespace

line_filter::line_filter(const filter_options& options) {
  if (options.level || !options.pattern) word_ = options.level.value_or("ERROR");
  if (options.level && (word_.empty() || word_.find_first_of("\r\n") != npos)) {
    throw std::invalid_argument("--level: it has to be a word, not empty and within one line");
  }
  if (!options.pattern) return;
  pattern_ = compile(*options.pattern, false);
  if (!pattern_) {
    const re2::RE2 failed(*options.pattern, re2::RE2::Quiet);
    throw std::invalid_argument("--match: not a regular expression: " + failed.error());
  }
  if (word_.empty() && may_span_lines(*options.pattern)) {
    block_pattern_ = compile(*options.pattern, true);
  }
}

line_filter::line_filter(line_filter&&) noexcept = default;
line_filter& line_filter::operator=(line_filter&&) noexcept = default;
line_filter::~line_filter() = default;

bool line_filter::matches(std::string_view line) const {
  if (!word_.empty() && find_word(line, 0) == npos) return false;
  return !pattern_ || pattern_matches(line);
}

// Where a byte is not UTF-8, `.` in a search of the whole block would stop, and a match be missed.
bool line_filter::searches_whole(std::string_view block) const noexcept {
  return block_pattern_ != nullptr && is_utf8(block);
}

auto line_filter::next_match(std::string_view block, std::size_t from, bool whole) const
    -> std::optional<place> {
  if (from >= block.size()) return std::nullopt;
  if (!word_.empty()) return next_with_word(block, from);
  return whole ? next_with_pattern(block, from) : next_line_by_line(block, from);
}

auto line_filter::next_with_word(std::string_view block, std::size_t from) const
    -> std::optional<place> {
  for (;;) {
    const std::size_t found = find_word(block, from);
    if (found == npos) return std::nullopt;
    const place line = line_around(block, found);
    if (!pattern_ || pattern_matches(block.substr(line.begin, line.end - line.begin))) return line;
    if (line.next >= block.size()) return std::nullopt;
    from = line.next;
  }
}

auto line_filter::next_with_pattern(std::string_view block, std::size_t from) const
    -> std::optional<place> {
  while (from < block.size()) {
    re2::StringPiece found;
    if (!block_pattern_->Match(block, from, block.size(), re2::RE2::UNANCHORED, &found, 1)) break;
    const auto position = static_cast<std::size_t>(found.data() - block.data());
    if (position == block.size()) break;  // an empty match behind the last line
    const place line = line_around(block, position);
    // The line has the last word: what was found may be a part of its "\r\n".
    if (pattern_matches(block.substr(line.begin, line.end - line.begin))) return line;
    from = line.next;
  }
  return std::nullopt;
}

auto line_filter::next_line_by_line(std::string_view block, std::size_t from) const
    -> std::optional<place> {
  while (from < block.size()) {
    const place line = line_around(block, from);
    if (pattern_matches(block.substr(line.begin, line.end - line.begin))) return line;
    from = line.next;
  }
  return std::nullopt;
}

std::size_t line_filter::find_word(std::string_view text, std::size_t from) const noexcept {
  for (;; ++from) {
    from = find_literal(text, word_, from);
    if (from == npos) return npos;
    const std::size_t end = from + word_.size();
    const bool joined_before =
        from > 0 && is_word_byte(text[from - 1]) && is_word_byte(word_.front());
    const bool joined_after =
        end < text.size() && is_word_byte(text[end]) && is_word_byte(word_.back());
    if (!joined_before && !joined_after) return from;
  }
}

bool line_filter::pattern_matches(std::string_view line) const {
  if (is_utf8(line)) return re2::RE2::PartialMatch(line, *pattern_);
  return re2::RE2::PartialMatch(escape_malformed(line), *pattern_);
}

// REQUIRES: position < block.size(). `next` of a line that has no line end is beyond the block.
auto line_filter::line_around(std::string_view block, std::size_t position) noexcept -> place {
  place line{0, block.size(), block.size() + 1};
  const std::size_t before = find_last_line_feed(block.substr(0, position));
  if (before != npos) line.begin = before + 1;
  const std::size_t feed = block.find('\n', position);
  if (feed == npos) return line;
  line.next = feed + 1;
  line.end = feed > line.begin && block[feed - 1] == '\r' ? feed - 1 : feed;
  return line;
}

std::uint64_t line_filter::count_lines(std::string_view text) noexcept {
  return count_line_feeds(text);
}

}  // namespace logagg
