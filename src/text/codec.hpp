// Encodings: from the bytes of a file to UTF-8, piece by piece, and back.
//
// A codec knows its encoding and nothing else; text_decoder and text_encoder add the error handlers
// of open(). What is malformed, how long it is and the words for it are CPython's, so that handlers
// see the same bytes and users the same messages.
//
// SAFETY: one thread at a time for each object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ringfiles/encoding.hpp"

namespace ringfiles::text {

/// No character takes more bytes of UTF-8 than this: some of iconv's are two code points.
inline constexpr std::size_t most_character_bytes = 16;

/// What one step of decoding did, from the front.
struct decode_step {
  std::size_t raw = 0;           ///< bytes used
  std::size_t text = 0;          ///< bytes of UTF-8 made
  std::size_t malformed = 0;     ///< length of the malformed sequence behind the used bytes
  const char* reason = nullptr;  ///< why it is malformed
  bool beyond_handlers = false;  ///< no error handler is asked: there is no such text
};

class decoder {
 public:
  virtual ~decoder() = default;

  /// Decodes until `raw` is used up (but for the beginning of a character, which is malformed if
  /// nothing follows: `final`), until the next character does not fit into `out`, or until a
  /// malformed sequence.
  virtual decode_step decode(std::string_view raw, std::span<char> out, bool final) noexcept = 0;

  /// What it has to know in the middle of a file: a byte order, a shift state. 0 at the beginning.
  virtual std::uint8_t state() const noexcept { return 0; }
  virtual void set_state(std::uint8_t /*state*/) noexcept {}
  /// To go on in the middle of a file of which no state is known.
  virtual std::uint8_t state_within() const noexcept { return 0; }
};

class encoder {
 public:
  virtual ~encoder() = default;

  /// Appends the encoded form of `utf8`, up to the first character that the encoding lacks; the
  /// bytes of `utf8` that were used. REQUIRES: well-formed but for surrogates.
  virtual std::size_t encode(std::string_view utf8, std::string& out) = 0;

  /// What stands before the first character of a file: a byte order mark, or nothing.
  virtual std::string_view mark() const noexcept { return {}; }
  /// Single bytes may stand between its characters: surrogateescape puts them there.
  virtual bool takes_bytes() const noexcept { return true; }
  /// Why it lacks what it lacks.
  virtual const char* reason() const noexcept = 0;
};

/// An encoding that open() knows.
struct codec {
  std::string_view name;  ///< as Python calls it in errors
  std::unique_ptr<decoder> (*make_decoder)(const codec&);
  std::unique_ptr<encoder> (*make_encoder)(const codec&);
  std::string_view parameter = {};  ///< of the two
  const char* of_iconv = nullptr;   ///< its name in iconv(3); null: it needs no table from there
};

/// Null for a name that is none, in any of Python's spellings. Valid until the process ends.
const codec* find_codec(std::string_view name) noexcept;
/// False: this machine's iconv(3) does not have it (a system without glibc's gconv modules).
bool is_available(const codec& one) noexcept;
/// UTF-8 without a mark.
bool is_plain_utf8(const codec& one) noexcept;

/// Every codec under its canonical name, for tests and manuals.
std::span<const codec> all_codecs() noexcept;

/// A decoder with an error handler.
class text_decoder {
 public:
  text_decoder(const codec& of, text_errors errors);

  /// As decoder::decode(); `malformed` is what the handler leaves to the caller.
  decode_step decode(std::string_view raw, std::span<char> out, bool final) noexcept;

  std::uint8_t state() const noexcept { return decoder_->state(); }
  void set_state(std::uint8_t state) noexcept { decoder_->set_state(state); }
  std::uint8_t state_within() const noexcept { return decoder_->state_within(); }

 private:
  std::unique_ptr<decoder> decoder_;
  text_errors errors_;
};

/// A character that could not be written.
struct encode_failure {
  std::size_t character = 0;  ///< which one, counted from the front of the text
  char32_t point = 0;
  const char* reason = nullptr;
};

/// An encoder with an error handler.
class text_encoder {
 public:
  text_encoder(const codec& of, text_errors errors);

  /// Appends the encoded form of all of `utf8`; after a failure `out` is as it was.
  /// REQUIRES: well-formed but for surrogates.
  std::optional<encode_failure> encode(std::string_view utf8, std::string& out);

  std::string_view mark() const noexcept { return encoder_->mark(); }

 private:
  bool replace(char32_t point, std::string& out);

  std::unique_ptr<encoder> encoder_;
  text_errors errors_;
};

/// True if the text is UTF-8, lone surrogates allowed.
bool is_utf8_with_surrogates(std::string_view text) noexcept;

}  // namespace ringfiles::text
