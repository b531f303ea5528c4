#include "logagg/text_search.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace logagg {
namespace {

constexpr std::size_t window_bytes = 64;

// Does any place in the window have the literal's first byte, and its last where that belongs?
// One byte alone is common in logs, a pair at this distance is rare.
[[gnu::always_inline]] inline bool window_has_pair(const char* text, char first, char last,
                                                   std::size_t distance) noexcept {
  unsigned char found = 0;
  for (std::size_t i = 0; i < window_bytes; ++i) {
    found = static_cast<unsigned char>(found | ((text[i] == first) & (text[i + distance] == last)));
  }
  return found != 0;
}

// The literal among the first `places` bytes, or npos. memchr beats a plain loop here, too.
[[gnu::always_inline]] inline std::size_t find_among(std::string_view text,
                                                     std::string_view literal,
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
[[gnu::always_inline]] inline std::uint64_t count_in_windows(std::string_view& text) noexcept {
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

[[gnu::always_inline]] inline std::size_t find(std::string_view text, std::string_view literal,
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

[[gnu::always_inline]] inline std::uint64_t count(std::string_view text) noexcept {
  const std::uint64_t counted = count_in_windows<192>(text) + count_in_windows<64>(text);
  return counted + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// The same loops for processors with wider registers than every x86-64 has: twice as fast.
#ifdef __x86_64__
const bool is_wide = __builtin_cpu_supports("avx2") != 0;
[[gnu::target("avx2")]] inline __m256i equal_bytes(const char* text, __m256i wanted) noexcept {
  return _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text)), wanted);
}

[[gnu::target("avx2")]] inline std::uint64_t bits_of(__m256i found) noexcept {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(found));
}

[[gnu::target("avx2")]] std::size_t find_wide(std::string_view text, std::string_view literal,
                                              std::size_t from) noexcept {
  if (text.size() < literal.size()) return std::string_view::npos;
  const std::size_t places = text.size() - literal.size() + 1;
  const std::size_t distance = literal.size() - 1;
  const __m256i first = _mm256_set1_epi8(literal.front());
  const __m256i last = _mm256_set1_epi8(literal.back());
  for (; from + window_bytes <= places; from += window_bytes) {
    const char* const at = text.data() + from;
    const char* const end = at + distance;
    const __m256i low = _mm256_and_si256(equal_bytes(at, first), equal_bytes(end, last));
    const __m256i high = _mm256_and_si256(equal_bytes(at + 32, first), equal_bytes(end + 32, last));
    const __m256i any = _mm256_or_si256(low, high);
    if (_mm256_testz_si256(any, any) != 0) continue;
    std::uint64_t found = bits_of(low) | bits_of(high) << 32;
    for (; found != 0; found &= found - 1) {
      const auto place = static_cast<std::size_t>(std::countr_zero(found));
      if (std::memcmp(at + place, literal.data(), literal.size()) == 0) return from + place;
    }
  }
  return find(text, literal, from);
}
[[gnu::target("avx2")]] std::uint64_t count_wide(std::string_view text) noexcept {
  return count(text);
}
#else
constexpr bool is_wide = false;
constexpr auto find_wide = portable::find_literal;
constexpr auto count_wide = portable::count_line_feeds;
#endif

}  // namespace

std::size_t portable::find_literal(std::string_view text, std::string_view literal,
                                   std::size_t from) noexcept {
  return find(text, literal, from);
}

std::uint64_t portable::count_line_feeds(std::string_view text) noexcept { return count(text); }

std::size_t find_literal(std::string_view text, std::string_view literal,
                         std::size_t from) noexcept {
  return is_wide ? find_wide(text, literal, from) : portable::find_literal(text, literal, from);
}

std::uint64_t count_line_feeds(std::string_view text) noexcept {
  return is_wide ? count_wide(text) : portable::count_line_feeds(text);
}

std::size_t find_last_line_feed(std::string_view text) noexcept {
  if (text.empty()) return std::string_view::npos;
  const void* const found = ::memrchr(text.data(), '\n', text.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace logagg
