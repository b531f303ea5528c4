#include "logagg/gunzip.hpp"

#define ZLIB_CONST  // zlib's input pointers are const only if asked
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace logagg {
namespace {

constexpr unsigned char magic[] = {0x1f, 0x8b};

}  // namespace

void gunzip::closer::operator()(z_stream_s* stream) const noexcept {
  inflateEnd(stream);
  delete stream;
}

bool gunzip::is_gzip(std::string_view head) noexcept {
  return head.size() >= 2 && static_cast<unsigned char>(head[0]) == magic[0] &&
         static_cast<unsigned char>(head[1]) == magic[1];
}

gunzip::gunzip() {
  auto stream = std::make_unique<z_stream>();
  constexpr int gzip_only = 16;
  if (inflateInit2(stream.get(), MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc();
  stream_.reset(stream.release());
}

void gunzip::feed(std::string_view compressed) noexcept {
  stream_->next_in = reinterpret_cast<const Bytef*>(compressed.data());
  stream_->avail_in = static_cast<uInt>(compressed.size());
  if (!compressed.empty()) state_ = status::has_output;
}

void gunzip::finish() noexcept {
  finished_ = true;
  if (in_member_ || !any_member_) {
    fail("the compressed data are cut off");
  } else {
    state_ = status::done;
  }
}

std::size_t gunzip::produce(std::span<char> room) noexcept {
  constexpr std::size_t at_most = std::numeric_limits<uInt>::max();
  const std::size_t size = std::min(room.size(), at_most);
  stream_->next_out = reinterpret_cast<Bytef*>(room.data());
  stream_->avail_out = static_cast<uInt>(size);
  while (state_ == status::has_output && stream_->avail_out > 0) step();
  return size - stream_->avail_out;
}

void gunzip::step() noexcept {
  if (in_member_) {
    inflate_some();
  } else if (stream_->avail_in == 0) {
    state_ = status::wants_input;
  } else {
    begin_member();
  }
}

// Between members. Only the first byte is looked at: inflate() checks the header.
void gunzip::begin_member() noexcept {
  const Bytef first = *stream_->next_in;
  if (any_member_ && first == 0) {
    ++stream_->next_in;
    --stream_->avail_in;
    padding_ = true;
  } else if (any_member_ && (padding_ || first != magic[0])) {
    fail("there is something else behind the compressed data");
  } else {
    inflateReset(stream_.get());
    in_member_ = true;
  }
}

void gunzip::inflate_some() noexcept {
  switch (inflate(stream_.get(), Z_NO_FLUSH)) {
    case Z_STREAM_END:
      in_member_ = false;
      any_member_ = true;
      return;
    case Z_OK:
    case Z_BUF_ERROR:  // no progress without more input or more room: no error
      if (stream_->avail_in == 0 && stream_->avail_out > 0) state_ = status::wants_input;
      return;
    case Z_MEM_ERROR:
      return fail("there is not enough memory to decompress it");
    default:
      return fail("the compressed data are damaged");
  }
}

void gunzip::fail(const char* reason) noexcept {
  state_ = status::failed;
  try {
    error_ = reason;
  } catch (const std::bad_alloc&) {
    error_.clear();  // the state alone has to tell
  }
}

}  // namespace logagg
