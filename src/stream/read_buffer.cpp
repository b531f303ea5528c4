#include "stream/read_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringfiles::stream {

void read_buffer::consume(std::size_t count) noexcept {
  begin_ += count;
  position_ += count;
}

std::span<char> read_buffer::prepare(std::size_t least) {
  if (empty() && !block_.shared()) floor_ = begin_ = end_ = 0;
  if (block_.capacity() - end_ < least) make_room(least);
  return {block_.data() + end_, block_.capacity() - end_};
}

// Moves the unread bytes to the front, of this block when nobody views it and it is large enough,
// else of a new one. Growth doubles, so a line of any length costs time in proportion to it.
void read_buffer::make_room(std::size_t least) {
  const std::size_t kept = size();
  const std::size_t needed = kept + least;
  if (!block_.shared() && block_.capacity() >= needed && kept <= begin_) {
    std::memcpy(block_.data(), block_.data() + begin_, kept);
  } else {
    const std::size_t doubled = kept > 0 ? 2 * kept : 0;
    base::block larger(std::max(needed, doubled) + headroom_bytes);
    if (kept > 0) std::memcpy(larger.data(), block_.data() + begin_, kept);
    block_ = std::move(larger);
  }
  floor_ = begin_ = 0;
  end_ = kept;
}

void read_buffer::accept(base::block&& chunk, std::size_t count) {
  const std::size_t kept = size();
  if (kept > headroom_bytes) {
    const auto space = prepare(count);
    std::memcpy(space.data(), chunk.data() + headroom_bytes, count);
    commit(count);
    return;
  }
  if (kept > 0) std::memcpy(chunk.data() + headroom_bytes - kept, block_.data() + begin_, kept);
  block_ = std::move(chunk);
  floor_ = begin_ = headroom_bytes - kept;
  end_ = headroom_bytes + count;
}

void read_buffer::unread(std::string_view bytes) {
  if (bytes.empty()) return;
  base::block joined(bytes.size() + size());
  std::memcpy(joined.data(), bytes.data(), bytes.size());
  if (!empty()) std::memcpy(joined.data() + bytes.size(), block_.data() + begin_, size());
  end_ = bytes.size() + size();
  floor_ = begin_ = 0;
  position_ -= bytes.size();
  block_ = std::move(joined);
}

bool read_buffer::seek(std::uint64_t position) noexcept {
  const std::uint64_t first = position_ - (begin_ - floor_);
  if (position < first || position > end_position()) return false;
  begin_ = floor_ + static_cast<std::size_t>(position - first);
  position_ = position;
  return true;
}

void read_buffer::reset(std::uint64_t position) noexcept {
  block_.reset();
  floor_ = begin_ = end_ = 0;
  position_ = position;
}

void read_buffer::release() noexcept {
  if (empty()) reset(position_);
}

}  // namespace ringfiles::stream
