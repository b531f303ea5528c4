// A block of bytes that may be shared read-only with views given to the user.
#pragma once

#include <cstddef>
#include <memory>

namespace ringfiles::base {

class block {
 public:
  block() = default;
  /// Uninitialised memory: the kernel fills it.
  explicit block(std::size_t capacity)
      : bytes_(std::make_shared_for_overwrite<char[]>(capacity)), capacity_(capacity) {}

  char* data() const noexcept { return bytes_.get(); }
  std::size_t capacity() const noexcept { return capacity_; }
  explicit operator bool() const noexcept { return bytes_ != nullptr; }
  /// Somebody else views it: bytes already given out must not change.
  bool shared() const noexcept { return bytes_.use_count() > 1; }
  std::shared_ptr<const void> share() const noexcept { return bytes_; }
  void reset() noexcept {
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  std::shared_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace ringfiles::base
