#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <version>

#if __has_include(<experimental/simd>)
#include <experimental/simd>
#endif

/// 64 bytes compared at once: bit i of a mask tells about byte i.
///
/// Two implementations with one meaning: `std::experimental::simd` where libstdc++ offers it (four
/// compare-and-movemask on x86-64, no flag beyond -O2 needed), and arithmetic on 64-bit words
/// anywhere else. The second is always compiled and tested, so that it cannot rot.
///
/// SAFETY: pure functions.

namespace ringfiles::text {

/// The bytes of a block; a mask has one bit for each.
inline constexpr std::size_t block_bytes = 64;

namespace swar {

/// A word with the low bit of every byte set.
inline constexpr std::uint64_t ones = 0x0101010101010101u;

[[gnu::always_inline]] inline std::uint64_t load_word(const char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// The bits of the 8 bytes that equal `wanted`, byte 0 in bit 0 whatever the machine's byte order.
[[gnu::always_inline]] inline std::uint64_t equal_mask8(const char* bytes, char wanted) noexcept {
  constexpr std::uint64_t low7 = ones * 0x7f;
  const std::uint64_t different = load_word(bytes) ^ (ones * static_cast<unsigned char>(wanted));
  const std::uint64_t equal = ~(((different & low7) + low7) | different | low7) >> 7;
  // The product moves the low bit of byte i into bit 56 + i (or 63 - i, read the other way round).
  constexpr bool little = std::endian::native == std::endian::little;
  return (equal * (little ? 0x0102040810204080u : 0x8040201008040201u)) >> 56;
}

inline std::uint64_t equal_mask(const char* block, char wanted) noexcept {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < block_bytes; i += 8) mask |= equal_mask8(block + i, wanted) << i;
  return mask;
}

inline std::uint64_t either_mask(const char* block, char first, char second) noexcept {
  return equal_mask(block, first) | equal_mask(block, second);
}

}  // namespace swar

#if defined(__cpp_lib_experimental_parallel_simd) && defined(__GLIBCXX__)

namespace simd {

using vector = std::experimental::native_simd<char>;

/// The parts that make up a block. Everything below is spelled out over them, without a loop or a
/// lambda, because GCC 12 at -O2 unrolls no loop and calls lambdas.
using parts = std::make_index_sequence<block_bytes / vector::size()>;

[[gnu::always_inline]] inline vector load(const char* block, std::size_t part) noexcept {
  return vector(block + part * vector::size(), std::experimental::element_aligned);
}

/// `__to_bitset` is libstdc++'s; the published interface has no way from a mask to its bits.
[[gnu::always_inline]] inline std::uint64_t bits(vector::mask_type mask,
                                                 std::size_t part) noexcept {
  return std::uint64_t{mask.__to_bitset().to_ullong()} << (part * vector::size());
}

template <std::size_t... part>
[[gnu::always_inline]] inline std::uint64_t equal_mask(const char* block, char wanted,
                                                       std::index_sequence<part...>) noexcept {
  return (bits(load(block, part) == wanted, part) | ...);
}

template <std::size_t... part>
[[gnu::always_inline]] inline std::uint64_t either_mask(const char* block, char first, char second,
                                                        std::index_sequence<part...>) noexcept {
  return (bits(load(block, part) == first || load(block, part) == second, part) | ...);
}

[[gnu::always_inline]] inline std::uint64_t equal_mask(const char* block, char wanted) noexcept {
  return equal_mask(block, wanted, parts{});
}

[[gnu::always_inline]] inline std::uint64_t either_mask(const char* block, char first,
                                                        char second) noexcept {
  return either_mask(block, first, second, parts{});
}

}  // namespace simd

using simd::either_mask;
using simd::equal_mask;

#else

using swar::either_mask;
using swar::equal_mask;

#endif

/// The places in a block that follow a "\r", given where those are and the byte before the block.
[[gnu::always_inline]] inline std::uint64_t after_return(std::uint64_t returns,
                                                         char before) noexcept {
  return returns << 1 | static_cast<std::uint64_t>(before == '\r');
}

}  // namespace ringfiles::text
