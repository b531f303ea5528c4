#include "text/multibyte_codec.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "text/code_points.hpp"
#include "text/iconv_handle.hpp"

namespace ringfiles::text {
namespace {

constexpr const char* illegal = "illegal multibyte sequence";
constexpr const char* cut_short = "incomplete multibyte sequence";
constexpr char escape = '\x1b';

bool is_ascii(char byte) noexcept { return static_cast<signed char>(byte) >= 0; }

/// How many bytes a character has whose first, which is no ASCII, is at the front; 0: none begins
/// so. iconv(3) would take some of these for control characters (80 to 9F) that CPython refuses.
using character_size = std::size_t (*)(std::string_view raw) noexcept;

constexpr unsigned char byte_at(std::string_view raw, std::size_t i) noexcept {
  return static_cast<unsigned char>(raw[i]);
}

std::size_t shift_jis_size(std::string_view raw) noexcept {
  const unsigned char lead = byte_at(raw, 0);
  return lead > 0xa0 && lead < 0xe0 ? 1 : 2;  // a katakana of half width
}
std::size_t euc_jp_size(std::string_view raw) noexcept {
  const unsigned char lead = byte_at(raw, 0);
  return lead == 0x8f ? 3 : lead == 0x8e || lead > 0xa0 ? 2 : 0;
}
std::size_t euc_size(std::string_view raw) noexcept { return byte_at(raw, 0) > 0xa0 ? 2 : 0; }
std::size_t big_size(std::string_view raw) noexcept { return byte_at(raw, 0) > 0x80 ? 2 : 0; }
std::size_t gb18030_size(std::string_view raw) noexcept {
  if (byte_at(raw, 0) == 0x80) return 0;
  return raw.size() > 1 && byte_at(raw, 1) >= '0' && byte_at(raw, 1) <= '9' ? 4 : 2;
}

character_size size_in(std::string_view form) noexcept {
  if (form == "shift_jis") return shift_jis_size;
  if (form == "euc_jp") return euc_jp_size;
  if (form == "gb18030") return gb18030_size;
  return form == "from_a1" ? euc_size : big_size;
}

/// ASCII goes past iconv(3), which takes 5C and 7E of Shift-JIS for a yen and an overline.
class multibyte_decoder final : public decoder {
 public:
  explicit multibyte_decoder(const codec& of)
      : table_("UTF-8", of.of_iconv),
        size_(size_in(of.parameter)),
        knows_its_leads_(of.name == "shift_jis") {}

  decode_step decode(std::string_view raw, std::span<char> out, bool final) noexcept override {
    decode_step done;
    for (;;) {
      std::string_view left = raw.substr(done.raw);
      std::span<char> room = out.subspan(done.text);
      const std::size_t ascii =
          copy_ascii(left.data(), room.data(), std::min(left.size(), room.size()));
      done.raw += ascii;
      done.text += ascii;
      left.remove_prefix(ascii);
      room = room.subspan(ascii);
      if (left.empty() || (room.empty() && is_ascii(left[0]))) return done;
      const std::size_t run = whole_characters(left);
      if (run == 0) return at_no_character(left, final, done);
      const auto step = table_.convert(left.substr(0, run), room);
      done.raw += step.used;
      done.text += step.made;
      if (step.stopped == E2BIG) return done;
      if (step.used == run) continue;
      done.malformed = 1;
      done.reason = illegal;
      table_.reset();
      return done;
    }
  }

 private:
  /// The bytes of characters at the front that are whole and no ASCII.
  std::size_t whole_characters(std::string_view left) const noexcept {
    std::size_t end = 0;
    while (end < left.size() && !is_ascii(left[end])) {
      const std::size_t size = size_(left.substr(end));
      if (size == 0 || left.size() - end < size) break;
      end += size;
    }
    return end;
  }

  decode_step at_no_character(std::string_view left, bool final, decode_step done) const noexcept {
    const bool cut = is_cut(left);
    if (cut && !final) return done;
    done.malformed = cut ? left.size() : 1;
    done.reason = cut ? cut_short : illegal;
    return done;
  }

  /// What follows may complete it. With nothing behind it, any byte is the first of a character to
  /// all of CPython's codecs but shift_jis.
  bool is_cut(std::string_view left) const noexcept {
    if (left.size() > 1) return size_(left) > 0;
    const unsigned char lead = byte_at(left, 0);
    return !knows_its_leads_ || (lead > 0x80 && lead != 0xa0 && lead < 0xeb);
  }

  iconv_handle table_;
  character_size size_;
  bool knows_its_leads_;
};

/// Appends what iconv(3) makes of the front of `text`; how much that was.
std::size_t append_converted(iconv_handle& table, std::string_view text, std::string& out) {
  std::size_t used = 0;
  for (;;) {
    const std::size_t before = out.size();
    out.resize(before + 2 * (text.size() - used) + most_character_bytes);
    const auto step = table.convert(text.substr(used), std::span(out).subspan(before));
    out.resize(before + step.made);
    used += step.used;
    if (step.stopped != E2BIG) return used;
  }
}

/// One character at a time: what iconv(3) writes as a byte that begins no character (the euro of
/// GBK, 80) could not be read again.
class multibyte_encoder final : public encoder {
 public:
  explicit multibyte_encoder(const codec& of)
      : table_(of.of_iconv, "UTF-8"), size_(size_in(of.parameter)) {}

  std::size_t encode(std::string_view utf8, std::string& out) override {
    std::string_view left = utf8;
    while (!left.empty()) {
      const std::size_t before = out.size();
      out.resize(before + left.size());
      const std::size_t ascii = copy_ascii(left.data(), out.data() + before, left.size());
      out.resize(before + ascii);
      left.remove_prefix(ascii);
      while (!left.empty() && !is_ascii(left[0])) {
        const std::size_t size = first_code_point(left).size;
        if (!append_character(left.substr(0, size), out)) return utf8.size() - left.size();
        left.remove_prefix(size);
      }
    }
    return utf8.size();
  }
  const char* reason() const noexcept override { return illegal; }

 private:
  bool append_character(std::string_view character, std::string& out) {
    char made[most_character_bytes];
    const auto step = table_.convert(character, made);
    const std::string_view bytes(made, step.made);
    if (step.stopped != 0 || bytes.empty()) return table_.reset(), false;
    if (!is_ascii(bytes[0]) && size_(bytes) != bytes.size()) return false;
    out += bytes;
    return true;
  }

  iconv_handle table_;
  character_size size_;
};

// ---- Escape sequences ---------------------------------------------------------------------------

/// What switches to the character set of each state, in ISO-2022-JP; the other escapes of ISO/IEC
/// 2022 are characters there. The first is where a file begins.
constexpr std::array<std::string_view, 4> escapes{"\x1b(B", "\x1b(J", "\x1b$@", "\x1b$B"};

class iso2022_decoder final : public decoder {
 public:
  explicit iso2022_decoder(const codec& of) : table_("UTF-8", of.of_iconv) {}

  decode_step decode(std::string_view raw, std::span<char> out, bool final) noexcept override {
    const auto step = table_.convert(raw, out);
    note_escapes(raw.substr(0, step.used));
    decode_step done{step.used, step.made, 0, nullptr};
    const bool is_cut = step.stopped == EINVAL;
    if (step.stopped == EILSEQ || (is_cut && final)) {
      done.malformed = is_cut ? raw.size() - step.used : 1;
      done.reason = is_cut ? cut_short : illegal;
      set_state(state_);
    }
    return done;
  }

  std::uint8_t state() const noexcept override { return state_; }
  void set_state(std::uint8_t state) noexcept override {
    state_ = state < escapes.size() ? state : 0;
    table_.reset();
    char none[most_character_bytes];
    table_.convert(escapes[state_], none);
  }

 private:
  /// The last that switches: an escape character may stand for itself.
  void note_escapes(std::string_view used) noexcept {
    while (!used.empty()) {
      const std::size_t last = used.rfind(escape);
      if (last == std::string_view::npos) return;
      for (std::size_t i = 0; i < escapes.size(); ++i) {
        if (!used.substr(last).starts_with(escapes[i])) continue;
        state_ = static_cast<std::uint8_t>(i);
        return;
      }
      used = used.substr(0, last);
    }
  }

  iconv_handle table_;
  std::uint8_t state_ = 0;
};

/// What it encodes ends in ASCII, as RFC 1468 asks for, so that each piece stands for itself:
/// CPython's incremental encoder leaves that to a write that may never come.
class iso2022_encoder final : public encoder {
 public:
  explicit iso2022_encoder(const codec& of) : table_(of.of_iconv, "UTF-8") {}

  std::size_t encode(std::string_view utf8, std::string& out) override {
    const std::size_t used = append_converted(table_, utf8, out);
    char back[most_character_bytes];
    out.append(back, table_.finish(back).made);
    return used;
  }
  const char* reason() const noexcept override { return illegal; }

 private:
  iconv_handle table_;
};

}  // namespace

std::unique_ptr<decoder> make_multibyte_decoder(const codec& of) {
  return std::make_unique<multibyte_decoder>(of);
}
std::unique_ptr<encoder> make_multibyte_encoder(const codec& of) {
  return std::make_unique<multibyte_encoder>(of);
}
std::unique_ptr<decoder> make_iso2022_decoder(const codec& of) {
  return std::make_unique<iso2022_decoder>(of);
}
std::unique_ptr<encoder> make_iso2022_encoder(const codec& of) {
  return std::make_unique<iso2022_encoder>(of);
}

}  // namespace ringfiles::text
