// UTF-8 as a codec: for files with a byte order mark, or with an error handler. Without either the
// file's own buffer is the text (file/text_window.hpp).
#include <algorithm>
#include <cstring>

#include "text/code_points.hpp"
#include "text/unicode_codecs.hpp"
#include "text/utf8.hpp"

namespace ringfiles::text {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// The most bytes of whole characters that fit.
std::size_t fitting(std::string_view utf8, std::size_t room) noexcept {
  if (utf8.size() <= room) return utf8.size();
  while (room > 0 && (static_cast<unsigned char>(utf8[room]) & 0xc0) == 0x80) --room;
  return room;
}

class utf8_decoder final : public decoder {
 public:
  explicit utf8_decoder(bool marked) noexcept : marked_(marked) {}

  decode_step decode(std::string_view raw, std::span<char> out, bool final) noexcept override {
    decode_step done;
    if (marked_ && state_ == at_start) {
      const std::string_view front = raw.substr(0, byte_order_mark.size());
      if (front == byte_order_mark)
        done.raw = byte_order_mark.size();
      else if (!final && front == byte_order_mark.substr(0, front.size()))
        return done;
      state_ = within;
    }
    const std::string_view text = raw.substr(done.raw);
    const utf8_scan found = final ? scan_utf8_final(text) : scan_utf8(text);
    done.text = fitting(text.substr(0, found.valid), out.size());
    if (done.text > 0) std::memcpy(out.data(), text.data(), done.text);
    done.raw += done.text;
    if (done.text < found.valid) return done;
    done.malformed = found.malformed;
    done.reason = found.reason;
    return done;
  }

  std::uint8_t state() const noexcept override { return marked_ ? state_ : 0; }
  void set_state(std::uint8_t state) noexcept override { state_ = state; }
  std::uint8_t state_within() const noexcept override { return marked_ ? within : 0; }

 private:
  static constexpr std::uint8_t at_start = 0;
  static constexpr std::uint8_t within = 1;
  const bool marked_;
  std::uint8_t state_ = at_start;
};

class utf8_encoder final : public encoder {
 public:
  explicit utf8_encoder(bool marked) noexcept : marked_(marked) {}

  std::size_t encode(std::string_view utf8, std::string& out) override {
    const std::size_t valid = scan_utf8_final(utf8).valid;
    out.append(utf8.substr(0, valid));
    return valid;
  }
  std::string_view mark() const noexcept override {
    return marked_ ? byte_order_mark : std::string_view();
  }
  const char* reason() const noexcept override { return "surrogates not allowed"; }

 private:
  const bool marked_;
};

}  // namespace

std::unique_ptr<decoder> make_utf8_decoder(const codec& of) {
  return std::make_unique<utf8_decoder>(of.parameter == "marked");
}
std::unique_ptr<encoder> make_utf8_encoder(const codec& of) {
  return std::make_unique<utf8_encoder>(of.parameter == "marked");
}

}  // namespace ringfiles::text
