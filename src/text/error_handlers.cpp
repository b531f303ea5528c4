// What becomes of what an encoding cannot express: CPython's handlers (PEP 293, PEP 383).
#include <algorithm>
#include <charconv>
#include <cstring>

#include "text/code_points.hpp"
#include "text/codec.hpp"
#include "text/utf8.hpp"

namespace ringfiles::text {
namespace {

constexpr char digits[] = "0123456789abcdef";
constexpr char32_t first_escape = 0xdc80;
constexpr char32_t last_escape = 0xdcff;
constexpr char32_t escape_base = 0xdc00;
/// surrogateescape looks at no more of a sequence; neither does CPython.
constexpr std::size_t most_malformed_bytes = 8;

/// What stands for a malformed sequence.
struct stand_in {
  std::size_t raw = 0;  ///< bytes of the sequence that it stands for; 0: the handler gives up
  std::size_t text = 0;
  char bytes[4 * most_malformed_bytes];
};

void put_hex(char32_t value, int width, char*& to) noexcept {
  for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) *to++ = digits[(value >> shift) & 15];
}

stand_in stand_in_for(std::string_view malformed, text_errors errors) noexcept {
  stand_in made;
  char* to = made.bytes;
  switch (errors) {
    case text_errors::strict:
    case text_errors::xmlcharrefreplace:
      return made;
    case text_errors::ignore:
      made.raw = malformed.size();
      break;
    case text_errors::replace:
      made.raw = malformed.size();
      to = put_utf8(replacement_character, to);
      break;
    case text_errors::backslashreplace:
      made.raw = malformed.size();
      for (char byte : malformed.substr(0, most_malformed_bytes)) {
        *to++ = '\\';
        *to++ = 'x';
        put_hex(static_cast<unsigned char>(byte), 2, to);
      }
      break;
    case text_errors::surrogateescape:
      for (char byte : malformed.substr(0, most_utf8_bytes)) {
        const auto value = static_cast<unsigned char>(byte);
        if (value < 0x80) break;  // would be another character when it is written again
        to = put_utf8(escape_base + value, to);
        ++made.raw;
      }
      break;
  }
  made.text = static_cast<std::size_t>(to - made.bytes);
  return made;
}

std::string words_for(char32_t point, text_errors errors) {
  std::string words;
  if (errors == text_errors::replace) return "?";
  char buffer[16];
  if (errors == text_errors::xmlcharrefreplace) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::uint32_t{point}).ptr;
    return words.append("&#").append(buffer, end).append(1, ';');
  }
  char* to = buffer;
  *to++ = '\\';
  const int width = point < 0x100 ? 2 : point < 0x10000 ? 4 : 8;
  *to++ = width == 2 ? 'x' : width == 4 ? 'u' : 'U';
  put_hex(point, width, to);
  return words.append(buffer, to);
}

/// The surrogate at the front of the malformed rest of a text, if it is one.
std::size_t surrogate_bytes(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '\xed') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  return second >= 0xa0 && second < 0xc0 && third >= 0x80 && third < 0xc0 ? 3 : 0;
}

}  // namespace

bool is_utf8_with_surrogates(std::string_view text) noexcept {
  for (;;) {
    const utf8_scan found = scan_utf8_final(text);
    if (found.malformed == 0) return true;
    text.remove_prefix(found.valid);
    const std::size_t surrogate = surrogate_bytes(text);
    if (surrogate == 0) return false;
    text.remove_prefix(surrogate);
  }
}

// ---- Decoding -----------------------------------------------------------------------------------

text_decoder::text_decoder(const codec& of, text_errors errors)
    : decoder_(of.make_decoder(of)), errors_(errors) {}

decode_step text_decoder::decode(std::string_view raw, std::span<char> out, bool final) noexcept {
  decode_step done;
  for (;;) {
    const decode_step step = decoder_->decode(raw.substr(done.raw), out.subspan(done.text), final);
    done.raw += step.raw;
    done.text += step.text;
    if (step.malformed == 0) return done;
    stand_in other;
    if (!step.beyond_handlers) other = stand_in_for(raw.substr(done.raw, step.malformed), errors_);
    if (other.raw == 0) {
      done.malformed = step.malformed;
      done.reason = step.reason;
      done.beyond_handlers = step.beyond_handlers;
      return done;
    }
    if (other.text > out.size() - done.text) return done;
    if (other.text > 0) std::memcpy(out.data() + done.text, other.bytes, other.text);
    done.text += other.text;
    done.raw += other.raw;
  }
}

// ---- Encoding -----------------------------------------------------------------------------------

text_encoder::text_encoder(const codec& of, text_errors errors)
    : encoder_(of.make_encoder(of)), errors_(errors) {}

bool text_encoder::replace(char32_t point, std::string& out) {
  switch (errors_) {
    case text_errors::strict:
      return false;
    case text_errors::ignore:
      return true;
    case text_errors::surrogateescape:
      if (point < first_escape || point > last_escape || !encoder_->takes_bytes()) return false;
      out += static_cast<char>(point - escape_base);
      return true;
    case text_errors::replace:
    case text_errors::backslashreplace:
    case text_errors::xmlcharrefreplace: {
      const std::string words = words_for(point, errors_);
      return encoder_->encode(words, out) == words.size();
    }
  }
  return false;
}

std::optional<encode_failure> text_encoder::encode(std::string_view utf8, std::string& out) {
  const std::size_t before = out.size();
  std::string_view left = utf8;
  for (;;) {
    left.remove_prefix(encoder_->encode(left, out));
    if (left.empty()) return std::nullopt;
    const code_point lacking = first_code_point(left);
    if (!replace(lacking.value, out)) {
      out.resize(before);
      const std::string_view good = utf8.substr(0, utf8.size() - left.size());
      return encode_failure{count_characters(good), lacking.value, encoder_->reason()};
    }
    left.remove_prefix(lacking.size);
  }
}

}  // namespace ringfiles::text
