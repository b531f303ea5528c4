// The encodings of East Asia, by iconv(3).
#pragma once

#include <memory>

#include "text/codec.hpp"

namespace ringfiles::text {

std::unique_ptr<decoder> make_shift_jis_decoder(const codec& of);
std::unique_ptr<encoder> make_shift_jis_encoder(const codec& of);
std::unique_ptr<decoder> make_euc_jp_decoder(const codec& of);
std::unique_ptr<encoder> make_euc_jp_encoder(const codec& of);
/// Two bytes, the first from A1 on.
std::unique_ptr<decoder> make_euc_decoder(const codec& of);
std::unique_ptr<encoder> make_euc_encoder(const codec& of);
/// Two bytes, the first from 81 on.
std::unique_ptr<decoder> make_big_decoder(const codec& of);
std::unique_ptr<encoder> make_big_encoder(const codec& of);
/// Two bytes, or four.
std::unique_ptr<decoder> make_gb18030_decoder(const codec& of);
std::unique_ptr<encoder> make_gb18030_encoder(const codec& of);

/// With escape sequences that switch character sets (RFC 1468, ISO/IEC 2022).
std::unique_ptr<decoder> make_iso2022_decoder(const codec& of);
std::unique_ptr<encoder> make_iso2022_encoder(const codec& of);

}  // namespace ringfiles::text
