#include "logagg/text_search.hpp"

#include <algorithm>
#include <cstring>

namespace logagg {
namespace {

constexpr std::size_t window_bytes = 64;

// Does any place in the window have the literal's first byte, and its last where that belongs?
// One byte alone is common in logs, a pair at this distance is rare.
bool window_has_pair(const char* text, char first, char last, std::size_t distance) noexcept {
  unsigned char found = 0;
  for (std::size_t i = 0; i < window_bytes; ++i) {
    found = static_cast<unsigned char>(found | ((text[i] == first) & (text[i + distance] == last)));
  }
  return found != 0;
}

// The literal among the first `places` bytes, or npos. memchr beats a plain loop here, too.
std::size_t find_among(std::string_view text, std::string_view literal,
                       std::size_t places) noexcept {
  const char* const end = text.data() + places;
  for (const char* at = text.data(); at < end; ++at) {
    at = static_cast<const char*>(std::memchr(at, literal.front(), std::size_t(end - at)));
    if (at == nullptr) break;
    if (std::memcmp(at, literal.data(), literal.size()) == 0) return std::size_t(at - text.data());
  }
  return std::string_view::npos;
}

// Counts in the windows that `text` begins with, and takes them off. A sum of fewer than 256 fits a
// byte, which keeps 16 of them to a register. Not fewer than 32: a loop short enough to be unrolled
// whole is summed wrongly by GCC 12.2 at -O3 (each match counts as 255).
template <std::size_t Bytes>
std::uint64_t count_in_windows(std::string_view& text) noexcept {
  static_assert(Bytes >= 32 && Bytes < 256);
  std::uint64_t count = 0;
  for (; text.size() >= Bytes; text.remove_prefix(Bytes)) {
    unsigned char in_window = 0;
    for (std::size_t i = 0; i < Bytes; ++i) {
      in_window = static_cast<unsigned char>(in_window + (text[i] == '\n'));
    }
    count += in_window;
  }
  return count;
}

}  // namespace

std::size_t find_literal(std::string_view text, std::string_view literal,
                         std::size_t from) noexcept {
  constexpr auto npos = std::string_view::npos;
  if (text.size() < literal.size()) return npos;
  const std::size_t places = text.size() - literal.size() + 1;
  const std::size_t distance = literal.size() - 1;
  for (; from + window_bytes <= places; from += window_bytes) {
    if (!window_has_pair(text.data() + from, literal.front(), literal.back(), distance)) continue;
    const std::size_t found = find_among(text.substr(from), literal, window_bytes);
    if (found != npos) return from + found;
  }
  if (from >= places) return npos;
  const std::size_t found = find_among(text.substr(from), literal, places - from);
  return found == npos ? npos : from + found;
}

std::uint64_t count_line_feeds(std::string_view text) noexcept {
  const std::uint64_t count = count_in_windows<192>(text) + count_in_windows<64>(text);
  return count + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

std::size_t find_last_line_feed(std::string_view text) noexcept {
  if (text.empty()) return std::string_view::npos;
  const void* const found = ::memrchr(text.data(), '\n', text.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace logagg
