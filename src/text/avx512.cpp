// The loops of text/instruction_set.hpp in vectors of 64 bytes. The build compiles this file with
// the flags for it (cmake/library.cmake).
#include "text/instruction_set.hpp"

#ifdef __AVX512BW__

#include <immintrin.h>

#include "text/line_search.hpp"
#include "text/utf8_check.hpp"

namespace ringfiles::text {
namespace {

struct vector {
  static constexpr std::size_t size = 64;
  __m512i bytes;

  [[gnu::always_inline]] static vector load(const char* from) noexcept {
    return {_mm512_loadu_si512(from)};
  }
  [[gnu::always_inline]] static vector splat(int byte) noexcept {
    return {_mm512_set1_epi8(static_cast<char>(byte))};
  }
  [[gnu::always_inline]] static vector repeat(const std::uint8_t (&table)[16]) noexcept {
    return {_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)))};
  }
  [[gnu::always_inline]] vector look_up(vector half_bytes) const noexcept {
    return {_mm512_shuffle_epi8(bytes, half_bytes.bytes)};
  }
  [[gnu::always_inline]] vector high_halves() const noexcept {
    return vector{_mm512_srli_epi16(bytes, 4)}.low_halves();
  }
  [[gnu::always_inline]] vector low_halves() const noexcept { return *this & splat(0x0f); }
  /// These bytes moved `count` places back, behind the last ones of `before`. Three loads that are
  /// not aligned would do the same in thrice the time of the whole check (Zen 5).
  template <int count>
  [[gnu::always_inline]] vector after(vector before) const noexcept {
    const __m512i moved = _mm512_alignr_epi32(bytes, before.bytes, 12);
    return {_mm512_alignr_epi8(bytes, moved, 16 - count)};
  }
  [[gnu::always_inline]] vector minus_saturated(int byte) const noexcept {
    return {_mm512_subs_epu8(bytes, splat(byte).bytes)};
  }
  [[gnu::always_inline]] bool any_high_bit() const noexcept {
    return _mm512_movepi8_mask(bytes) != 0;
  }
  [[gnu::always_inline]] bool any() const noexcept {
    return _mm512_test_epi8_mask(bytes, bytes) != 0;
  }
  [[gnu::always_inline]] friend vector operator&(vector a, vector b) noexcept {
    return {_mm512_and_si512(a.bytes, b.bytes)};
  }
  [[gnu::always_inline]] friend vector operator|(vector a, vector b) noexcept {
    return {_mm512_or_si512(a.bytes, b.bytes)};
  }
  [[gnu::always_inline]] friend vector operator^(vector a, vector b) noexcept {
    return {_mm512_xor_si512(a.bytes, b.bytes)};
  }
};

struct block {
  [[gnu::always_inline]] static std::uint64_t equal_mask(const char* bytes, char wanted) noexcept {
    return _mm512_cmpeq_epi8_mask(vector::load(bytes).bytes, _mm512_set1_epi8(wanted));
  }
};

constexpr instruction_set avx512 = {"AVX-512", utf8_check<vector>::skip_well_formed,
                                    line_search<block>::index};

}  // namespace

constinit const instruction_set* const avx512_instructions = &avx512;

}  // namespace ringfiles::text

#else

namespace ringfiles::text {
constinit const instruction_set* const avx512_instructions = nullptr;
}  // namespace ringfiles::text

#endif
