// Compressed data for tests.
#pragma once

#define ZLIB_CONST
#include <zlib.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace logagg::testing {

/// One gzip member.
inline std::string gzipped(std::string_view plain, int level = Z_DEFAULT_COMPRESSION) {
  z_stream stream{};
  constexpr int gzip_header = 16;
  if (deflateInit2(&stream, level, Z_DEFLATED, MAX_WBITS + gzip_header, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(plain.size())) + 32, '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("deflate");
  return out;
}

}  // namespace logagg::testing
