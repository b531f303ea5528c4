#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the text tests share: the enumerations and digests of generate_text_vectors.py, and texts
/// in memory of exactly their size, so that AddressSanitizer sees a read beside them.

namespace ringfiles::testing {

/// The long enumerations run only with RINGFILES_SOAK=1.
inline bool soak() {
  const char* value = std::getenv("RINGFILES_SOAK");
  return value != nullptr && std::string_view(value) == "1";
}

/// CRC-32 as zlib's, one byte after another.
class digest {
 public:
  void add(unsigned byte) { crc_ = table()[(crc_ ^ byte) & 0xff] ^ crc_ >> 8; }
  void add(std::string_view bytes) {
    for (const char byte : bytes) add(static_cast<unsigned char>(byte));
  }
  std::uint32_t value() const { return ~crc_; }

 private:
  static const std::array<std::uint32_t, 256>& table() {
    static const auto filled = [] {
      std::array<std::uint32_t, 256> entries{};
      for (std::uint32_t i = 0; i < 256; ++i) {
        entries[i] = i;
        for (int bit = 0; bit < 8; ++bit) {
          entries[i] = entries[i] >> 1 ^ (entries[i] & 1 ? 0xedb88320u : 0u);
        }
      }
      return entries;
    }();
    return filled;
  }

  std::uint32_t crc_ = ~0u;
};

/// Calls `visit(string)` for every string of one letter out of each of `places`, the last place
/// changing fastest (itertools.product). A letter may be of several bytes.
template <class Visit>
void for_each_product(std::span<const std::vector<std::string>> places, Visit visit,
                      std::string front = {}) {
  if (places.empty()) {
    visit(front);
    return;
  }
  const std::size_t size = front.size();
  for (const std::string& letter : places[0]) {
    front += letter;
    for_each_product(places.subspan(1), visit, front);
    front.resize(size);
  }
}

/// All strings of exactly `length` letters.
template <class Visit>
void for_each_string(const std::vector<std::string>& alphabet, std::size_t length, Visit visit) {
  const std::vector<std::vector<std::string>> places(length, alphabet);
  for_each_product(places, visit);
}

inline std::vector<std::string> bytes_between(unsigned first, unsigned last) {
  std::vector<std::string> letters;
  for (unsigned byte = first; byte <= last; ++byte) {
    letters.emplace_back(1, static_cast<char>(byte));
  }
  return letters;
}

/// A copy of a text in an allocation of its own with nothing around it.
class exact_copy {
 public:
  explicit exact_copy(std::string_view text)
      : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
    text.copy(bytes_.get(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

}  // namespace ringfiles::testing
