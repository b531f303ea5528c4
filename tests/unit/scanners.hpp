// A scanner and a source that are told what to do, for the suites of scans and of written sources.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ringfiles/ringfiles.hpp"

namespace ringfiles::testing {

/// Gathers `limit` bytes, or all: through the buffer, or into room of its own; then works, perhaps.
class gathering : public scanner {
 public:
  explicit gathering(std::size_t limit, scan_verdict by = scan_verdict::more, bool works = false)
      : limit_(limit), by_(by), works_(works) {
    if (by == scan_verdict::direct) memory_.resize(limit);
  }
  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    hurried |= asked_ && !worked;
    if (worked) return scan_verdict::ended;
    used = std::min(bytes.size(), limit_ - size_);
    if (by_ != scan_verdict::direct) memory_.resize(size_ + used);
    if (used > 0) std::memcpy(memory_.data() + size_, bytes.data(), used);
    size_ += used;
    if (size_ < limit_ && !final) return by_;
    asked_ = works_;
    return works_ ? scan_verdict::work : scan_verdict::ended;
  }
  std::span<char> room() noexcept override {
    return by_ == scan_verdict::direct ? std::span(memory_).subspan(size_) : std::span<char>();
  }
  void filled(std::size_t bytes) override { size_ += bytes, direct += bytes; }
  void work() noexcept override { worked = true; }

  std::string text() const { return memory_.substr(0, size_); }
  std::size_t direct = 0;
  bool worked = false;
  bool hurried = false;  ///< it was asked again before its work() had run

 private:
  std::size_t limit_;
  scan_verdict by_;
  bool works_;
  bool asked_ = false;
  std::string memory_;
  std::size_t size_ = 0;
};

/// Portions of `each` bytes of a text.
class portions : public source {
 public:
  portions(std::string text, std::size_t each) : text_(std::move(text)), each_(each) {}
  bool next(std::string_view& portion) override {
    portion = std::string_view(text_).substr(given, each_);
    given += portion.size();
    return !portion.empty();
  }
  std::size_t given = 0;

 private:
  std::string text_;
  std::size_t each_;
};

inline operation<std::unique_ptr<source>> write_portions(file& to, std::string text,
                                                         std::size_t each) {
  return write_from(to, std::make_unique<portions>(std::move(text), each));
}

inline std::string text_of(const std::unique_ptr<scanner>& ended) {
  return static_cast<gathering&>(*ended).text();
}

}  // namespace ringfiles::testing
