#include "ringfiles/lines.hpp"

#include "text/line_index.hpp"

namespace ringfiles {

void lines::iterator::search() noexcept {
  next_ = 0;
  found_ = 0;
  if (searched_ != text_end_) {
    const text::line_index index =
        text::index_line_ends(text_begin_, searched_, text_end_, mode_, pairs_, ends_);
    found_ = static_cast<std::uint32_t>(index.found);
    searched_ = index.searched;
    pairs_ = index.pairs;
  }
  if (found_ == 0) {
    // What is left, if anything, is the last line of a file that does not end with a terminator;
    // at the end itself it is an empty view that nobody reads.
    ends_[found_++] = text_end_;
    single_ = 0;
  }
}

std::size_t lines::count() const noexcept {
  std::size_t total = 0;
  for (auto it = begin(); it != end(); ++it) ++total;
  return total;
}

}  // namespace ringfiles
