#include "logagg/file_scan.hpp"

#include <algorithm>

#include "logagg/escape.hpp"
#include "logagg/text_search.hpp"

namespace logagg {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view without_hole(std::string_view line) noexcept {
  const std::size_t text = line.find_first_not_of('\0');
  return text == std::string_view::npos ? std::string_view{} : line.substr(text);
}

std::string_view without_blanks(std::string_view line) noexcept {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
}

std::string_view kept(std::string_view text, text_store& texts) {
  return texts.keep(is_utf8(text) ? text : std::string_view(escape_malformed(text)));
}

// Behind the "\n" or "\r\n" of the line whose text ends at `end`.
std::size_t behind_line_end(std::string_view block, std::size_t end) noexcept {
  const std::size_t feed = block.find('\n', end);  // at most one byte away
  return feed == std::string_view::npos ? block.size() : feed + 1;
}

}  // namespace

file_scan::file_scan(const line_filter& filter, const timestamp_context& context,
                     std::size_t file_index, line_numbers numbers)
    : filter_(&filter), context_(context), file_index_(file_index), numbers_(numbers) {}

void file_scan::scan(std::string_view block, entry_run& found) {
  if (at_file_start_ && block.starts_with(byte_order_mark)) {
    block.remove_prefix(byte_order_mark.size());
    block_offset_ = byte_order_mark.size();
  }
  if (block.empty()) return;
  at_file_start_ = false;
  timed_until_ = 0;
  const auto take = [&](const matching_line& line) {
    const auto begin = static_cast<std::size_t>(line.text.data() - block.data());
    advance_time(block, behind_line_end(block, begin + line.text.size()));
    found.entries.push_back({inherited_time(), file_index_, line.number, block_offset_ + begin,
                             kept(without_blanks(without_hole(line.text)), found.texts)});
  };
  next_number_ = filter_->find_matches(block, next_number_, take, numbers_);
  advance_time(block, block.size());
  block_offset_ += block.size();
  inside_line_ = block.back() != '\n';
}

std::uint64_t file_scan::line_count() const noexcept {
  if (numbers_ == line_numbers::left_out) return 0;
  return next_number_ - (inside_line_ ? 0 : 1);
}

std::optional<timestamp> file_scan::inherited_time() const noexcept {
  return time_age_ <= inherited_lines_max ? time_ : std::nullopt;
}

// Looks from the line that ends at `end` upwards to `timed_until_`: nearly always the first line
// looked at has a timestamp.
void file_scan::advance_time(std::string_view block, std::size_t end) {
  const std::size_t begin = timed_until_;
  timed_until_ = std::max(begin, end);
  std::size_t lines = 0;
  while (lines <= inherited_lines_max && end > begin) {
    const std::size_t feed = find_last_line_feed(block.substr(begin, end - 1 - begin));
    const std::size_t line_begin = feed == std::string_view::npos ? begin : begin + feed + 1;
    // A later piece of a long line begins in its middle, where any date may stand.
    const bool begins_there = line_begin > 0 || !inside_line_;
    if (begins_there) {
      const std::string_view line = block.substr(line_begin, end - line_begin);
      if (const auto time = parse_timestamp(without_hole(line), context_)) {
        time_ = time;
        time_age_ = lines;
        return;
      }
      ++lines;
    }
    end = line_begin;
  }
  time_age_ = std::min(time_age_ + lines, inherited_lines_max + 1);
}

}  // namespace logagg
