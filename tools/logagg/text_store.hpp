// Many short texts in few pieces of memory.
//
// A report may have a million lines. A std::string each would be a million allocations, and as many
// calls to free them.
//
// SAFETY: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace logagg {

class text_store {
 public:
  text_store() noexcept = default;
  text_store(text_store&& other) noexcept { swap(other); }
  text_store& operator=(text_store&& other) noexcept {
    text_store(std::move(other)).swap(*this);
    return *this;
  }
  void swap(text_store& other) noexcept {
    std::swap(blocks_, other.blocks_);
    std::swap(block_bytes_, other.block_bytes_);
    std::swap(free_, other.free_);
    std::swap(left_, other.left_);
  }

  /// A copy of `text`, which lives as long as the store does; moving the store leaves it in place.
  std::string_view keep(std::string_view text);

 private:
  /// The first block is for a file with a line or two; each is twice as large as the one before.
  static constexpr std::size_t first_block_bytes = 1024;
  static constexpr std::size_t last_block_bytes = 256 * 1024;

  char* allocate(std::size_t bytes);

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_bytes_ = 0;  // of the last block that is shared
  char* free_ = nullptr;         // in it
  std::size_t left_ = 0;
};

}  // namespace logagg
