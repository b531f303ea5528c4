#include "stream/write_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringfiles::stream {

void write_buffer::take(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t needed = std::max(block_bytes_, filled_ + bytes.size());
  if (filling_.capacity() < needed) {
    base::block larger(needed);
    if (filled_ > 0) std::memcpy(larger.data(), filling_.data(), filled_);
    filling_ = std::move(larger);
  }
  std::memcpy(filling_.data() + filled_, bytes.data(), bytes.size());
  filled_ += bytes.size();
}

std::span<char> write_buffer::drain() noexcept {
  if (pending() == 0) {
    std::swap(filling_, draining_);
    drain_begin_ = 0;
    drain_end_ = std::exchange(filled_, 0);
    sealed_ = false;
  }
  return {draining_.data() + drain_begin_, pending()};
}

std::span<char> write_buffer::seal() noexcept {
  sealed_ = true;
  return {filling_.data(), filled_};
}

void write_buffer::written(std::size_t count) noexcept {
  count = std::min(count, pending());  // in a forked child it was discarded meanwhile
  drain_begin_ += count;
  position_ += count;
}

void write_buffer::release() noexcept {
  if (!empty()) return;
  filling_.reset();
  draining_.reset();
}

void write_buffer::discard() noexcept {
  position_ = end_position();
  forget();
}

void write_buffer::forget() noexcept {
  filled_ = drain_begin_ = drain_end_ = 0;
  sealed_ = false;
}

void write_buffer::grow(std::size_t bytes) noexcept {
  if (!fixed_) block_bytes_ = std::min(std::max(2 * block_bytes_, 4 * bytes), last_block_bytes);
}

}  // namespace ringfiles::stream
