#include "logagg/file_scan.hpp"

#include "logagg/escape.hpp"

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
    advance_time(block, begin + line.text.size());
    found.push_back({time_, file_index_, line.number, block_offset_ + begin,
                     escape_malformed(without_blanks(without_hole(line.text)))});
  });
  advance_time(block, block.size());
  block_offset_ += block.size();
  inside_line_ = block.back() != '\n';
}

std::uint64_t file_scan::line_count() const noexcept {
  return next_number_ - (inside_line_ ? 0 : 1);
}

std::optional<timestamp> file_scan::parse(std::string_view line, bool is_block_start) const {
  // A later piece of a long line begins in its middle, where any date may stand.
  if (is_block_start && inside_line_) return std::nullopt;
  return parse_timestamp(without_hole(line), context_);
}

// Makes `time_` that of the line that ends at `end`: the last timestamp between `timed_until_` and
// there, or if there is none, the one known before. Backwards, as it is nearly always the first.
void file_scan::advance_time(std::string_view block, std::size_t end) {
  const std::size_t begin = timed_until_;
  timed_until_ = end;
  for (std::size_t line_end = end; line_end > begin;) {
    const std::size_t feed = block.substr(begin, line_end - 1 - begin).rfind('\n');
    const std::size_t line_begin = feed == std::string_view::npos ? begin : begin + feed + 1;
    const auto time = parse(block.substr(line_begin, line_end - line_begin), line_begin == 0);
    if (time) {
      time_ = time;
      return;
    }
    line_end = line_begin;
  }
}

}  // namespace logagg
