// Encodings of one byte for each character: ASCII, Latin-1, and what iconv(3) has a table of.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "text/codec.hpp"

namespace ringfiles::text {

/// What the 256 bytes mean.
class single_byte_table {
 public:
  static constexpr std::int32_t undefined = -1;

  single_byte_table(const std::array<std::int32_t, 256>& points, const char* reason);

  /// The UTF-8 of a byte, ready to be copied whole. Size 0: undefined.
  struct entry {
    char bytes[3];
    std::uint8_t size;
  };
  const entry& operator[](unsigned char byte) const noexcept { return entries_[byte]; }
  /// The byte of a code point, or -1.
  int byte_of(char32_t point) const noexcept;
  /// Bytes below 80 mean themselves.
  bool has_ascii() const noexcept { return has_ascii_; }
  const char* reason() const noexcept { return reason_; }

 private:
  std::array<entry, 256> entries_{};
  std::vector<std::pair<char32_t, unsigned char>> bytes_;  ///< sorted
  bool has_ascii_ = true;
  const char* reason_;
};

std::unique_ptr<decoder> make_single_byte_decoder(const codec& of);
std::unique_ptr<encoder> make_single_byte_encoder(const codec& of);

}  // namespace ringfiles::text
