// Bytes on their way from a file to its reader: positions and bytes, no system call.
//
// The buffer holds a run of the file that starts at position(). Bytes come in at the tail, either
// in place (prepare, commit) or as a block that somebody else filled (accept), and leave at the
// front (consume). Views of it may be given away together with share(); shared bytes never change.
//
// SAFETY: none of its own; the file locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/block.hpp"

namespace ringfiles::stream {

/// Room in front of a chunk that is filled elsewhere: the unread rest of the chunk before it (part
/// of a line, as a rule) is copied there, which saves copying the chunk.
inline constexpr std::size_t headroom_bytes = 4096;

class read_buffer {
 public:
  std::string_view bytes() const noexcept { return {block_.data() + begin_, end_ - begin_}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  /// Offset in the file of the first byte.
  std::uint64_t position() const noexcept { return position_; }
  /// Offset in the file of the next byte to come in.
  std::uint64_t end_position() const noexcept { return position_ + size(); }

  void consume(std::size_t count) noexcept;
  /// Space for at least `least` bytes at the tail.
  std::span<char> prepare(std::size_t least);
  void commit(std::size_t count) noexcept { end_ += count; }
  /// Takes a chunk whose `count` bytes stand after `headroom_bytes` of room.
  void accept(base::block&& chunk, std::size_t count);
  /// Puts bytes back that were consumed last.
  void unread(std::string_view bytes);

  /// Moves within what is buffered; false if `position` is not there.
  bool seek(std::uint64_t position) noexcept;
  /// Forgets everything and starts at `position`.
  void reset(std::uint64_t position) noexcept;
  /// Gives the memory back if nothing is buffered.
  void release() noexcept;
  /// Keeps the bytes alive for views of them.
  std::shared_ptr<const void> share() const noexcept { return block_.share(); }

 private:
  void make_room(std::size_t least);

  base::block block_;
  std::size_t floor_ = 0;  ///< bytes of the file start here; they are kept for seeking back
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace ringfiles::stream
