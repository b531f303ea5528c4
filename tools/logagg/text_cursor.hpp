// A place in a text that only moves forward, and never past the end: beyond it there are NULs,
// which no format contains. So a parser needs no check of its own to stay within bounds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace logagg {

constexpr bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }

/// A letter, digit or underscore of ASCII: what a word is made of.
constexpr bool is_word_byte(char byte) noexcept {
  const char lower = static_cast<char>(byte | 0x20);
  return is_digit(byte) || (lower >= 'a' && lower <= 'z') || byte == '_';
}

class text_cursor {
 public:
  explicit constexpr text_cursor(std::string_view text) noexcept : rest_(text) {}

  constexpr std::size_t left() const noexcept { return rest_.size(); }
  constexpr char peek(std::size_t ahead = 0) const noexcept {
    return ahead < rest_.size() ? rest_[ahead] : '\0';
  }
  constexpr void skip() noexcept { rest_.remove_prefix(rest_.empty() ? 0 : 1); }

  /// Each `take` moves on only if what it asks for is there.
  constexpr bool take(char byte) noexcept {
    if (rest_.empty() || rest_.front() != byte) return false;
    rest_.remove_prefix(1);
    return true;
  }
  constexpr bool take(std::string_view text) noexcept {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  /// `word`, with no word byte after it.
  constexpr bool take_word(std::string_view word) noexcept {
    return !is_word_byte(peek(word.size())) && take(word);
  }
  /// Exactly `count` digits; more may follow. REQUIRES: count < 10.
  constexpr bool take_digits(std::size_t count, unsigned& value) noexcept {
    if (count_digits(count) < count) return false;
    value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }
  /// How many digits are next, counting no further than `at_most`.
  constexpr std::size_t count_digits(std::size_t at_most) const noexcept {
    const std::string_view window = rest_.substr(0, at_most);
    const auto* end = std::find_if_not(window.begin(), window.end(), is_digit);
    return static_cast<std::size_t>(end - window.begin());
  }

 private:
  std::string_view rest_;
};

}  // namespace logagg
