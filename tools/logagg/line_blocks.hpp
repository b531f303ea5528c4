// Blocks of whole lines, made of reads that end anywhere.
//
//     while (auto n = read(blocks.space())) { blocks.commit(n); use(blocks.whole_lines()); }
//     use(blocks.rest());
//
// The unfinished line at a block's end is moved to the front of the buffer (some hundred bytes) and
// the next read goes right behind it, so nothing is copied twice and memory stays bounded: a
// line longer than `line_bytes_max` is handed out in pieces, each of which is judged by itself and
// has the same line number. A piece ends behind a blank if one is near, so that no word is cut in
// two.
//
// Pure: no file, no waiting. SAFETY: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace logagg {

class line_blocks {
 public:
  /// What one read is for: large enough that a system call does not count, small enough that the
  /// searches find it in the second-level cache.
  static constexpr std::size_t read_bytes = 256 * 1024;
  /// A file that is one line of a gigabyte must not cost a gigabyte.
  static constexpr std::size_t line_bytes_max = 1024 * 1024;

  line_blocks();

  /// Room for more bytes, at least `read_bytes`, never empty. Ends the life of the views given out.
  std::span<char> space();
  /// The first `size` bytes of space() have been filled.
  void commit(std::size_t size) noexcept;

  /// All lines that are finished, "\n" included, or a piece of one that is too long. Empty if there
  /// are none. What it has given it does not give again.
  std::string_view whole_lines() noexcept;
  /// At the end of the file: the last line, which lacks its "\n".
  std::string_view rest() noexcept;

  /// Ready for another file, in the same memory.
  void clear() noexcept { used_ = filled_ = searched_ = 0; }
  /// A very long line needed more memory than other files will.
  bool has_grown() const noexcept { return capacity_ > 2 * read_bytes; }

 private:
  std::string_view take(std::size_t size) noexcept;
  std::string_view unused() const noexcept { return {buffer_.get() + used_, filled_ - used_}; }

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;  // handed out
  std::size_t filled_ = 0;
  std::size_t searched_ = 0;  // no '\n' between used_ and here
};

/// Buffers that go from file to file: the one used last is still in the processor's cache, and new
/// ones cost a page fault for every 4 KiB.
class spare_blocks {
 public:
  line_blocks take();
  void give_back(line_blocks used) noexcept;

 private:
  std::vector<line_blocks> spare_;
  std::size_t given_out_ = 0;
};

}  // namespace logagg
