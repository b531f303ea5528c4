// Text of a file in another encoding than UTF-8, between the file's buffer and its readers.
//
// The file's buffer keeps the bytes of what was decoded and not read yet, in stretches: that is how
// tell() finds the byte that a character began at, as CPython's does, by decoding the stretch once
// more up to there.
//
// SAFETY: none of its own; the file locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>

#include "stream/read_buffer.hpp"
#include "text/codec.hpp"

namespace ringfiles::detail {

/// A place in a file: a byte, and for decoded text how much of what begins there was read. It is
/// exact if that is nothing, or a part of what an error handler has made of malformed bytes.
struct file_place {
  std::uint64_t byte = 0;
  std::uint8_t state = 0;  ///< of the decoder, at `byte`
  std::uint32_t text = 0;  ///< bytes of UTF-8 behind `byte`, less than a stretch has

  friend bool operator==(const file_place&, const file_place&) = default;
};

class decoded_text {
 public:
  decoded_text(const text::codec& of, text_errors errors)
      : decoder_(of, errors), second_(of, errors) {}

  /// Decodes what `raw` holds behind what was decoded before. `final`: nothing follows it. False:
  /// malformed bytes are next.
  bool decode_more(const stream::read_buffer& raw, bool final);
  struct malformed_bytes {
    std::size_t size = 0;
    const char* reason = nullptr;
  };
  const malformed_bytes& malformed() const noexcept { return malformed_; }
  /// The bytes of `raw` that were decoded, from its front.
  std::size_t decoded_bytes() const noexcept { return decoded_; }

  /// What may be read, in UTF-8.
  stream::read_buffer& buffer() noexcept { return text_; }
  /// Takes text off the front, and what it was made of off `raw`.
  void consume(std::size_t count, stream::read_buffer& raw) noexcept;
  /// Puts back text that was consumed last; of a stream, which cannot be read again.
  void unread(std::string_view text);

  file_place place(const stream::read_buffer& raw) const noexcept;
  /// The same place by its byte, which is found by decoding its stretch anew.
  /// REQUIRES: it was place(raw), and nothing has left `raw` since.
  file_place exact(const stream::read_buffer& raw, const file_place& place);
  /// To consume that much takes bytes off `raw`.
  bool moves_raw(std::size_t count) const noexcept {
    return !stretches_.empty() && read_ + count >= stretches_.front().text;
  }
  /// Forgets all text; `raw` stands somewhere else, where the decoder has this state, and so much
  /// of the text that follows was read.
  void start_anew(std::uint8_t state, std::size_t read = 0) noexcept;
  /// Gives the memory of the text back if there is none.
  void release() noexcept { text_.release(); }
  /// The state of a decoder at this byte of which nothing else is known.
  std::uint8_t state_at(std::uint64_t byte) const noexcept {
    return byte == 0 ? 0 : decoder_.state_within();
  }

 private:
  void skip(std::size_t most) noexcept;

  struct stretch {
    std::size_t raw;
    std::size_t text;
    std::uint8_t state;  ///< before it
    bool final;          ///< nothing followed
  };

  stream::read_buffer text_;
  std::deque<stretch> stretches_;
  std::size_t read_ = 0;     ///< text of the first stretch that was consumed
  std::size_t skip_ = 0;     ///< the same of a stretch that has yet to be decoded
  std::size_t decoded_ = 0;  ///< bytes of all stretches
  malformed_bytes malformed_;
  text::text_decoder decoder_;
  text::text_decoder second_;  ///< for looking back
};

}  // namespace ringfiles::detail
