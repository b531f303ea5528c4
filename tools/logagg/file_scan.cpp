#include "logagg/file_scan.hpp"

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

}  // namespace

file_scan::file_scan(const line_filter& filter, const timestamp_context& context,
                     std::size_t file_index)
    : filter_(&filter), context_(context), file_index_(file_index) {}

void file_scan::scan(std::string_view block, std::vector<entry>& found) {
  if (at_file_start_ && block.starts_with(byte_order_mark)) {
    block.remove_prefix(byte_order_mark.size());
    block_offset_ = byte_order_mark.size();
  }
  if (block.empty()) return;
  at_file_start_ = false;
  timed_until_ = 0;
  next_number_ = filter_->find_matches(block, next_number_, [&](const matching_line& line) {
    const auto begin = static_cast<std::size_t>(line.text.data() - block.data());
    advance_time(block, begin + line.text.size(), line.number);
    found.push_back({time_at(line.number), file_index_, line.number, block_offset_ + begin,
                     escape_malformed(without_blanks(without_hole(line.text)))});
  });
  const bool ends_inside_line = block.back() != '\n';
  advance_time(block, block.size(), next_number_ - (ends_inside_line ? 0 : 1));
  block_offset_ += block.size();
  inside_line_ = ends_inside_line;
}

std::uint64_t file_scan::line_count() const noexcept {
  return next_number_ - (inside_line_ ? 0 : 1);
}

std::optional<timestamp> file_scan::parse(std::string_view line, bool is_block_start) const {
  // A later piece of a long line begins in its middle, where any date may stand.
  if (is_block_start && inside_line_) return std::nullopt;
  return parse_timestamp(without_hole(line), context_);
}

std::optional<timestamp> file_scan::time_at(std::uint64_t line_number) const noexcept {
  return line_number - time_line_ <= inherited_lines_max ? time_ : std::nullopt;
}

// Looks from the line `number`, which ends at `end`, upwards to `timed_until_`: nearly always the
// first line looked at has a timestamp.
void file_scan::advance_time(std::string_view block, std::size_t end, std::uint64_t number) {
  const std::size_t begin = timed_until_;
  timed_until_ = end;
  for (std::size_t tried = 0; tried <= inherited_lines_max && end > begin; ++tried, --number) {
    const std::size_t feed = find_last_line_feed(block.substr(begin, end - 1 - begin));
    const std::size_t line_begin = feed == std::string_view::npos ? begin : begin + feed + 1;
    if (const auto time = parse(block.substr(line_begin, end - line_begin), line_begin == 0)) {
      time_ = time;
      time_line_ = number;
      return;
    }
    end = line_begin;
  }
}

}  // namespace logagg
