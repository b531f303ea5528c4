// Bytes on their way from a writer to its file: one block fills while the other is written.
//
// take() accepts bytes; drain() hands the filled block over for writing; what could not be written
// stays and is handed over again. position() says where in the file the handed-over bytes belong.
//
// SAFETY: none of its own; the file locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/block.hpp"

namespace ringfiles::stream {

class write_buffer {
 public:
  /// A block starts this large; a writer that outruns its disk gets larger ones, up to the bound,
  /// because each block costs a thread hop of some 60 µs.
  static constexpr std::size_t first_block_bytes = 64 * 1024;
  static constexpr std::size_t last_block_bytes = 1024 * 1024;
  /// A write up to this size is copied (25 µs) rather than waited for: the next one can be prepared
  /// while the disk, or the page cache, takes it.
  static constexpr std::size_t largest_copied_bytes = 256 * 1024;

  explicit write_buffer(std::size_t block_bytes = 0) noexcept
      : block_bytes_(block_bytes != 0 ? block_bytes : first_block_bytes),
        fixed_(block_bytes != 0) {}

  std::size_t block_bytes() const noexcept { return block_bytes_; }
  bool fits(std::size_t bytes) const noexcept {
    return !sealed_ && filled_ + bytes <= block_bytes_;
  }
  /// More than fits() makes the block larger, for this time.
  void take(std::string_view bytes);
  bool empty() const noexcept { return filled_ == 0 && pending() == 0; }
  bool full() const noexcept { return filled_ >= block_bytes_; }
  std::size_t filled() const noexcept { return filled_; }

  /// Bytes handed over and not written yet.
  std::size_t pending() const noexcept { return drain_end_ - drain_begin_; }
  /// Hands the filled block over if nothing is pending; the bytes to write, perhaps none.
  std::span<char> drain() noexcept;
  /// The filled block is to be written right behind the pending bytes, at `end_position() -
  /// filled()`: it takes nothing more until drain() has handed it over, or unseal().
  std::span<char> seal() noexcept;
  void unseal() noexcept { sealed_ = false; }
  /// The first `count` pending bytes are in the file.
  void written(std::size_t count) noexcept;
  /// Gives the blocks back if they are empty: a file that was flushed, and stays open, needs none.
  void release() noexcept;
  /// Gives up what is not written: the position stays where that would have begun.
  void forget() noexcept;
  /// Gives up everything (the file could not be closed otherwise).
  void discard() noexcept;
  /// Is a write of this size for the buffer, or for a request of its own?
  bool buffers(std::size_t bytes) const noexcept {
    return bytes <= block_bytes_ || (!fixed_ && bytes <= largest_copied_bytes);
  }
  /// Both blocks were full, or too small for `bytes`: larger ones from now on.
  void grow(std::size_t bytes) noexcept;

  /// Offset in the file of the first pending byte, or of the first filled one if none is pending.
  std::uint64_t position() const noexcept { return position_; }
  std::uint64_t end_position() const noexcept { return position_ + pending() + filled_; }
  /// REQUIRES: empty().
  void start_at(std::uint64_t position) noexcept { position_ = position; }

 private:
  base::block filling_;
  base::block draining_;
  std::size_t filled_ = 0;
  std::size_t drain_begin_ = 0;
  std::size_t drain_end_ = 0;
  std::size_t block_bytes_;
  bool fixed_;
  bool sealed_ = false;
  std::uint64_t position_ = 0;
};

}  // namespace ringfiles::stream
