#include "logagg/text_search.hpp"

#include <algorithm>
#include <array>
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
  // Counting in bytes keeps 16 counters to a register; none is asked to count beyond 255.
  constexpr std::size_t windows_max = 255;
  std::uint64_t count = 0;
  while (text.size() >= window_bytes) {
    std::array<unsigned char, window_bytes> lanes{};
    const std::size_t bytes = std::min(windows_max, text.size() / window_bytes) * window_bytes;
    for (const char* at = text.data(); at != text.data() + bytes; at += window_bytes) {
      for (std::size_t i = 0; i < window_bytes; ++i) {
        lanes[i] = static_cast<unsigned char>(lanes[i] + (at[i] == '\n'));
      }
    }
    for (const unsigned char lane : lanes) count += lane;
    text.remove_prefix(bytes);
  }
  return count + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace logagg
