// The encodings of East Asia, by iconv(3).
#pragma once

#include <memory>

#include "text/codec.hpp"

namespace ringfiles::text {

// CPython's words.
inline constexpr const char* illegal_sequence = "illegal multibyte sequence";
inline constexpr const char* incomplete_sequence = "incomplete multibyte sequence";

constexpr bool is_ascii(char byte) noexcept { return static_cast<signed char>(byte) >= 0; }

/// codec::parameter tells how many bytes a character has: "shift_jis"; "cp932"; "euc_jp"; "euc_kr";
/// "gb18030"; two, of which the first is at least A1 ("from_a1") or 81 ("from_81").
std::unique_ptr<decoder> make_multibyte_decoder(const codec& of);
std::unique_ptr<encoder> make_multibyte_encoder(const codec& of);

/// With escape sequences that switch character sets (RFC 1468, ISO/IEC 2022).
std::unique_ptr<decoder> make_iso2022_decoder(const codec& of);
std::unique_ptr<encoder> make_iso2022_encoder(const codec& of);

}  // namespace ringfiles::text
