// Errno values as people write them on a command line: "EIO" or "5".
#pragma once

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace test_tools {

// The largest errno that Linux answers to user space (EHWPOISON is 133); above it no name exists.
inline constexpr int last_errno = 133;

// The second names of two values: strerrorname_np knows one name for each number only.
inline std::optional<int> errno_alias(std::string_view text) {
  if (text == "EWOULDBLOCK") return EWOULDBLOCK;
  if (text == "EOPNOTSUPP") return EOPNOTSUPP;
  if (text == "ENOTSUP") return ENOTSUP;
  if (text == "EDEADLOCK") return EDEADLOCK;
  return std::nullopt;
}

// "EIO" and "5" give 5; anything else, also 0 and numbers above last_errno, gives nothing.
inline std::optional<int> parse_errno(std::string_view text) {
  int number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto parsed = std::from_chars(begin, end, number);
  if (parsed.ec == std::errc{} && parsed.ptr == end) {
    if (number < 1 || number > last_errno) return std::nullopt;
    return number;
  }
  for (int candidate = 1; candidate <= last_errno; ++candidate) {
    const char* name = ::strerrorname_np(candidate);
    if (name != nullptr && text == name) return candidate;
  }
  return errno_alias(text);
}

}  // namespace test_tools
