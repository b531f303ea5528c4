#include "logagg/line_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "logagg/text_search.hpp"

namespace logagg {
namespace {

// Not value-initialised: the memory is filled by reads before anyone looks at it.
std::unique_ptr<char[]> allocate(std::size_t bytes) {
  return std::make_unique_for_overwrite<char[]>(bytes);
}

// Where to cut a line that is too long: behind a blank within the last 4 KiB, or at the end.
std::size_t piece_bytes(std::string_view line) noexcept {
  constexpr std::size_t word_bytes_max = 4096;
  const std::size_t blank = line.find_last_of(" \t");
  const bool near = blank != std::string_view::npos && line.size() - blank <= word_bytes_max;
  return near ? blank + 1 : line.size();
}

}  // namespace

line_blocks::line_blocks() : buffer_(allocate(2 * read_bytes)), capacity_(2 * read_bytes) {}

std::span<char> line_blocks::space() {
  const std::string_view kept = unused();
  if (capacity_ - kept.size() >= read_bytes) {
    std::memmove(buffer_.get(), kept.data(), kept.size());
  } else {
    capacity_ *= 2;  // a line of that size; whole_lines() keeps it below line_bytes_max
    std::unique_ptr<char[]> larger = allocate(capacity_);
    std::memcpy(larger.get(), kept.data(), kept.size());
    buffer_ = std::move(larger);
  }
  searched_ -= used_;
  filled_ = kept.size();
  used_ = 0;
  return {buffer_.get() + filled_, std::min(capacity_ - filled_, read_bytes)};
}

void line_blocks::commit(std::size_t size) noexcept { filled_ += size; }

std::string_view line_blocks::whole_lines() noexcept {
  const std::string_view fresh{buffer_.get() + searched_, filled_ - searched_};
  const std::size_t feed = find_last_line_feed(fresh);
  if (feed != std::string_view::npos) {
    const std::size_t size = searched_ + feed + 1 - used_;
    searched_ = filled_;
    return take(size);
  }
  searched_ = filled_;
  if (unused().size() < line_bytes_max) return {};
  return take(piece_bytes(unused()));
}

std::string_view line_blocks::rest() noexcept {
  searched_ = filled_;
  return take(filled_ - used_);
}

std::string_view line_blocks::take(std::size_t size) noexcept {
  const std::string_view taken = unused().substr(0, size);
  used_ += taken.size();
  return taken;
}

line_blocks spare_blocks::take() {
  ++given_out_;
  spare_.reserve(spare_.size() + given_out_);  // so that giving back cannot fail
  if (spare_.empty()) return {};
  line_blocks last = std::move(spare_.back());
  spare_.pop_back();
  return last;
}

void spare_blocks::give_back(line_blocks used) noexcept {
  --given_out_;
  if (used.has_grown()) return;
  used.clear();
  spare_.push_back(std::move(used));
}

}  // namespace logagg
