// The loops of text/instruction_set.hpp in vectors of 32 bytes, for x86-64 since 2013. The build
// compiles this file with the flags for it (cmake/library.cmake).
#include "text/instruction_set.hpp"

#ifdef __AVX2__

#include <immintrin.h>

#include "text/line_search.hpp"
#include "text/utf8_check.hpp"

namespace ringfiles::text {
namespace {

struct vector {
  static constexpr std::size_t size = 32;
  __m256i bytes;

  [[gnu::always_inline]] static vector load(const char* from) noexcept {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))};
  }
  [[gnu::always_inline]] static vector splat(int byte) noexcept {
    return {_mm256_set1_epi8(static_cast<char>(byte))};
  }
  [[gnu::always_inline]] static vector repeat(const std::uint8_t (&table)[16]) noexcept {
    return {_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)))};
  }
  [[gnu::always_inline]] vector look_up(vector half_bytes) const noexcept {
    return {_mm256_shuffle_epi8(bytes, half_bytes.bytes)};
  }
  [[gnu::always_inline]] vector high_halves() const noexcept {
    return vector{_mm256_srli_epi16(bytes, 4)}.low_halves();
  }
  [[gnu::always_inline]] vector low_halves() const noexcept { return *this & splat(0x0f); }
  /// These bytes moved `count` places back, behind the last ones of `before`.
  template <int count>
  [[gnu::always_inline]] vector after(vector before) const noexcept {
    const __m256i middle = _mm256_permute2x128_si256(before.bytes, bytes, 0x21);
    return {_mm256_alignr_epi8(bytes, middle, 16 - count)};
  }
  [[gnu::always_inline]] vector minus_saturated(int byte) const noexcept {
    return {_mm256_subs_epu8(bytes, splat(byte).bytes)};
  }
  [[gnu::always_inline]] bool any_high_bit() const noexcept {
    return _mm256_movemask_epi8(bytes) != 0;
  }
  [[gnu::always_inline]] bool any() const noexcept { return _mm256_testz_si256(bytes, bytes) == 0; }
  [[gnu::always_inline]] friend vector operator&(vector a, vector b) noexcept {
    return {_mm256_and_si256(a.bytes, b.bytes)};
  }
  [[gnu::always_inline]] friend vector operator|(vector a, vector b) noexcept {
    return {_mm256_or_si256(a.bytes, b.bytes)};
  }
  [[gnu::always_inline]] friend vector operator^(vector a, vector b) noexcept {
    return {_mm256_xor_si256(a.bytes, b.bytes)};
  }
};

struct block {
  [[gnu::always_inline]] static std::uint64_t half(const char* from, char wanted) noexcept {
    const __m256i equal = _mm256_cmpeq_epi8(vector::load(from).bytes, _mm256_set1_epi8(wanted));
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(equal));
  }
  [[gnu::always_inline]] static std::uint64_t equal_mask(const char* bytes, char wanted) noexcept {
    return half(bytes, wanted) | half(bytes + vector::size, wanted) << vector::size;
  }
};

constexpr instruction_set avx2 = {"AVX2", utf8_check<vector>::skip_well_formed,
                                  line_search<block>::index};

}  // namespace

constinit const instruction_set* const avx2_instructions = &avx2;

}  // namespace ringfiles::text

#else

namespace ringfiles::text {
constinit const instruction_set* const avx2_instructions = nullptr;
}  // namespace ringfiles::text

#endif
