// What every fuzz target is made of: bytes that decide everything, and a promise that must hold.
//
// A target is one file with one check() and one `const target`. Built with libFuzzer it is a
// program of its own (libfuzzer_entry.cpp); all of them together are ringfiles_seed_tests, which
// runs what lies in seeds/ (seeds_test.cpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace ringfiles::fuzzing {

/// The bytes of one run. When they are used up, each choice is the first one.
class input {
 public:
  explicit input(std::string_view bytes) noexcept : left_(bytes) {}

  bool empty() const noexcept { return left_.empty(); }
  std::uint8_t byte() noexcept {
    if (left_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return first;
  }
  /// One of 0 … `below` - 1. REQUIRES: below <= 256.
  std::size_t pick(std::size_t below) noexcept { return byte() % below; }
  bool flip() noexcept { return (byte() & 1) != 0; }
  template <class List>
  const auto& choose(const List& list) noexcept {
    return list[pick(std::size(list))];
  }
  std::string_view take(std::size_t most) noexcept {
    const std::string_view taken = left_.substr(0, most);
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() noexcept { return take(left_.size()); }

 private:
  std::string_view left_;
};

/// Sizes of pieces, again and again from the front. Without any: everything at once.
class cuts {
 public:
  explicit cuts(input& from) : sizes_(from.take(from.pick(most_sizes))) {}

  std::size_t next() noexcept {
    if (sizes_.empty()) return all_at_once;
    return static_cast<std::uint8_t>(sizes_[at_++ % sizes_.size()]);
  }

 private:
  static constexpr std::size_t most_sizes = 16;
  static constexpr std::size_t all_at_once = 1 << 20;
  std::string_view sizes_;
  std::size_t at_ = 0;
};

inline std::string printable(std::string_view bytes) {
  std::string words = "\"";
  for (const char byte : bytes) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(byte));
    if (byte >= ' ' && byte <= '~' && byte != '\\' && byte != '"')
      words += byte;
    else
      words += hex;
  }
  return words + '"';
}

/// Ends the process, as a fuzzer wants it, unless `good`.
inline void require(bool good, std::string_view promise,
                    std::source_location where = std::source_location::current()) {
  if (good) return;
  std::fprintf(stderr, "%s:%u: broken: %.*s\n", where.file_name(),
               static_cast<unsigned>(where.line()), static_cast<int>(promise.size()),
               promise.data());
  std::abort();
}

/// `require`, with both sides in the words.
inline void require_same(std::string_view got, std::string_view wanted, std::string_view promise,
                         std::source_location where = std::source_location::current()) {
  if (got == wanted) return;
  std::fprintf(stderr, "  got    %s\n  wanted %s\n", printable(got).c_str(),
               printable(wanted).c_str());
  require(false, promise, where);
}

struct target {
  std::string_view name;  ///< of its file and of its folder of seeds
  void (*check)(input from);

  target(std::string_view named, void (*by)(input)) : name(named), check(by) {
    all().push_back(this);
  }
  /// Of this program.
  static std::vector<const target*>& all() {
    static std::vector<const target*> targets;
    return targets;
  }
};

}  // namespace ringfiles::fuzzing
