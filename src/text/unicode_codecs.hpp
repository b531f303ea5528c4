// UTF-8, UTF-16 and UTF-32 (Unicode standard, 3.9 and 3.10), with and without byte order marks.
#pragma once

#include <memory>

#include "text/codec.hpp"

namespace ringfiles::text {

std::unique_ptr<decoder> make_utf8_decoder(const codec& of);
std::unique_ptr<encoder> make_utf8_encoder(const codec& of);

/// codec::parameter is "little", "big", or "marked": then the file's first bytes say which.
std::unique_ptr<decoder> make_utf16_decoder(const codec& of);
std::unique_ptr<encoder> make_utf16_encoder(const codec& of);
std::unique_ptr<decoder> make_utf32_decoder(const codec& of);
std::unique_ptr<encoder> make_utf32_encoder(const codec& of);

}  // namespace ringfiles::text
