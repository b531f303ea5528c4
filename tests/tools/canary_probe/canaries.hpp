// Memory of a caller: lent to a read, and once the read was cancelled full of canaries.
//
// AddressSanitizer does not see what the kernel stores, so a byte that changed is the only witness.
#pragma once

#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace canaries {

inline constexpr unsigned char canary = 0xC5;

/// Slots that reads fill, used over and over.
class arena {
 public:
  arena(std::size_t slots, std::size_t slot_bytes)
      : slot_bytes_(slot_bytes), memory_(slots * slot_bytes, std::byte{canary}) {
    for (std::size_t i = 0; i < slots; ++i) free_.push_back(i);
  }

  std::size_t take() {
    const std::size_t slot = free_.front();
    free_.pop_front();
    changed_ += damage(slot);
    return slot;
  }
  std::span<std::byte> bytes(std::size_t slot) {
    return std::span(memory_).subspan(slot * slot_bytes_, slot_bytes_);
  }
  /// The caller has its memory back: from now on nobody else may write there.
  void give_back(std::size_t slot) {
    std::memset(bytes(slot).data(), canary, slot_bytes_);
    free_.push_back(slot);
  }

  bool has_free() const noexcept { return !free_.empty(); }
  /// Bytes changed in slots that nobody had been lent.
  std::size_t changed() {
    for (const std::size_t slot : free_) changed_ += damage(slot);
    return changed_;
  }

 private:
  std::size_t damage(std::size_t slot) {
    std::size_t count = 0;
    for (std::byte& each : bytes(slot)) {
      count += each != std::byte{canary} ? 1 : 0;
      each = std::byte{canary};
    }
    return count;
  }

  std::size_t slot_bytes_;
  std::vector<std::byte> memory_;
  std::deque<std::size_t> free_;
  std::size_t changed_ = 0;
};

/// Blocks of the heap, freed and allocated again all the time: what the library freed too early
/// comes back here.
class recycled_heap {
 public:
  static constexpr std::size_t kept_blocks = 64;

  /// A new block of canaries, and a look at the oldest one.
  void turn(std::size_t bytes) {
    auto fresh = std::make_unique_for_overwrite<unsigned char[]>(bytes);
    std::memset(fresh.get(), canary, bytes);
    blocks_.push_back({std::move(fresh), bytes});
    if (blocks_.size() <= kept_blocks) return;
    changed_ += damage(blocks_.front());
    blocks_.pop_front();
  }

  std::size_t changed() {
    for (const auto& each : blocks_) changed_ += damage(each);
    blocks_.clear();
    return changed_;
  }

 private:
  struct block {
    std::unique_ptr<unsigned char[]> memory;
    std::size_t bytes;
  };

  static std::size_t damage(const block& of) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < of.bytes; ++i) count += of.memory[i] != canary ? 1 : 0;
    return count;
  }

  std::deque<block> blocks_;
  std::size_t changed_ = 0;
};

}  // namespace canaries
