#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "ringfiles/newline.hpp"

/// A batch of lines: the fast way through a text file.
///
/// One await brings a buffer full of whole lines; going through them then costs neither an await
/// nor a copy:
///
///     while (auto batch = co_await file.next_lines())
///         for (std::string_view line : *batch) use(line);
///
/// The lines are views into the batch's memory, without their terminators. The batch shares the
/// ownership of that memory, so the views stay valid while any copy of the batch lives, whatever
/// happens to the file meanwhile. Keep the batch in a variable, as above: in C++20
/// `for (auto line : *co_await file.next_lines())` would destroy it before the first turn.
///
/// Cost: nothing is split before it is asked for. An iterator searches ahead for up to 64 line ends
/// at a time, 64 bytes a step, and hands them out one by one: 25 GB/s with lines of 90 bytes, where
/// a memchr per line gives 9 (bench/text_bench.cpp). An iterator is some 600 bytes large; copying
/// one is a memcpy of that.
///
/// SAFETY: const functions may be called from several threads at once, each with its own
/// iterator; copies are independent.

namespace ringfiles {

class lines {
 public:
  class iterator;

  /// No lines.
  lines() noexcept = default;

  /// The lines of `text`, which lies in memory that `owner` keeps alive.
  /// REQUIRES: `text` holds whole lines with their terminators; only the last may lack one (the end
  /// of the file), and the first does not begin between a "\r" and its "\n".
  lines(std::shared_ptr<const void> owner, std::string_view text, newline mode) noexcept
      : owner_(std::move(owner)), text_(text), mode_(mode) {}

  /// The first line. The iterator is a forward iterator over `std::string_view`, which must not
  /// outlive the last copy of this batch.
  iterator begin() const noexcept;
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The bytes of all lines, terminators included, exactly as they are in the file.
  std::string_view text() const noexcept { return text_; }

  /// How the lines end. `lf` also for the first two where there is no "\r" to look for.
  newline mode() const noexcept { return mode_; }

  /// True if there is no line at all (a single empty line is "\n" and not empty).
  bool empty() const noexcept { return text_.empty(); }

  /// How many lines an iteration will give. Searches the text (some 20 GB/s); it is not kept.
  std::size_t count() const noexcept;

 private:
  std::shared_ptr<const void> owner_;
  std::string_view text_;
  newline mode_ = newline::universal;
};

class lines::iterator {
 public:
  using value_type = std::string_view;
  using difference_type = std::ptrdiff_t;
  using reference = std::string_view;
  using pointer = void;
  using iterator_category = std::input_iterator_tag;  // C++17's forward needs a real reference
  using iterator_concept = std::forward_iterator_tag;

  iterator() noexcept = default;

  /// The current line without its terminator. REQUIRES: not at the end.
  std::string_view operator*() const noexcept {
    return {line_, static_cast<std::size_t>(content_end_ - line_)};
  }

  iterator& operator++() noexcept {
    line_ = content_end_ + terminator_size();
    find_content_end();
    return *this;
  }

  iterator operator++(int) noexcept {
    iterator before = *this;
    ++*this;
    return before;
  }

  /// REQUIRES: both are iterators of the same batch (or both default-constructed).
  friend bool operator==(const iterator& a, const iterator& b) noexcept {
    return a.line_ == b.line_;
  }
  friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept {
    return it.line_ == it.text_end_;
  }

 private:
  friend class lines;

  /// Line ends found ahead. 64 of them pay for the call and the mispredicted end of its loop, and
  /// leave the text that comes next in the first-level cache (16: a tenth slower; 128: no faster).
  static constexpr std::size_t batch_lines = 64;

  iterator(std::string_view text, newline mode) noexcept
      : line_(text.data()),
        text_end_(text.data() + text.size()),
        searched_(text.data()),
        text_begin_(text.data()),
        mode_(mode) {
    find_content_end();
  }

  std::size_t terminator_size() const noexcept {
    if (!pairs_) [[likely]]
      return single_;
    if (content_end_ == text_end_) return 0;
    return *content_end_ == '\r' && text_end_ - content_end_ > 1 && content_end_[1] == '\n' ? 2 : 1;
  }

  void find_content_end() noexcept {
    if (next_ == found_) [[unlikely]] {
      search();
    }
    content_end_ = ends_[next_++];
  }

  void search() noexcept;

  const char* line_ = nullptr;
  const char* content_end_ = nullptr;
  const char* text_end_ = nullptr;
  const char* searched_ = nullptr;  // every line end before this one is in ends_ or was passed
  const char* text_begin_ = nullptr;
  std::uint32_t next_ = 0;   // of ends_, the first not yet handed out
  std::uint32_t found_ = 0;  // of ends_, how many are filled
  newline mode_ = newline::universal;
  std::uint8_t single_ = 1;  // size of a terminator that is no pair; 0 if there is none
  bool pairs_ = false;       // a terminator may be a pair
  std::array<const char*, batch_lines> ends_{};
};

inline lines::iterator lines::begin() const noexcept { return {text_, mode_}; }

}  // namespace ringfiles
