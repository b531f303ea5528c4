#include "logagg/text_store.hpp"

#include <algorithm>
#include <cstring>

namespace logagg {

std::string_view text_store::keep(std::string_view text) {
  if (text.empty()) return {};
  char* const copy = allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

char* text_store::allocate(std::size_t bytes) {
  if (bytes > left_) {
    // A long text gets a block of its own, so that what is left of the current one is not lost.
    const bool alone = bytes > last_block_bytes / 4;
    const std::size_t next = std::clamp(2 * block_bytes_, first_block_bytes, last_block_bytes);
    const std::size_t size = alone ? bytes : std::max(next, bytes);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    if (alone) return blocks_.back().get();
    block_bytes_ = size;
    free_ = blocks_.back().get();
    left_ = size;
  }
  left_ -= bytes;
  return std::exchange(free_, free_ + bytes);
}

}  // namespace logagg
