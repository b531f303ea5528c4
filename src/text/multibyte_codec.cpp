#include "text/multibyte_codec.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "text/code_points.hpp"
#include "text/corrections.hpp"
#include "text/iconv_handle.hpp"

namespace ringfiles::text {
namespace {

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
std::size_t cp932_size(std::string_view raw) noexcept {
  const unsigned char lead = byte_at(raw, 0);
  return lead == 0x80 || (lead >= 0xa0 && lead < 0xe0) || lead >= 0xfd ? 1 : 2;
}
std::size_t euc_jp_size(std::string_view raw) noexcept {
  const unsigned char lead = byte_at(raw, 0);
  return lead == 0x8f ? 3 : lead == 0x8e || lead > 0xa0 ? 2 : 0;
}
std::size_t euc_size(std::string_view raw) noexcept { return byte_at(raw, 0) > 0xa0 ? 2 : 0; }
std::size_t euc_kr_size(std::string_view raw) noexcept {
  return raw.starts_with(hangul_filler) ? spelled_hangul_bytes : euc_size(raw);
}
std::size_t big_size(std::string_view raw) noexcept { return byte_at(raw, 0) > 0x80 ? 2 : 0; }
std::size_t gb18030_size(std::string_view raw) noexcept {
  return raw.size() > 1 && byte_at(raw, 1) >= '0' && byte_at(raw, 1) <= '9' ? 4 : 2;
}

character_size size_in(std::string_view form) noexcept {
  if (form == "shift_jis") return shift_jis_size;
  if (form == "cp932") return cp932_size;
  if (form == "euc_jp") return euc_jp_size;
  if (form == "euc_kr") return euc_kr_size;
  if (form == "gb18030") return gb18030_size;
  return form == "from_a1" ? euc_size : big_size;
}

/// ASCII goes past iconv(3), which takes 5C and 7E of Shift-JIS for a yen and an overline.
class multibyte_decoder final : public decoder {
 public:
  explicit multibyte_decoder(const codec& of)
      : table_("UTF-8", of.of_iconv),
        corrections_(corrections_of(of.name)),
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
      const run of = characters(left);
      if (of.bytes == 0) return at_no_character(left, final, done);
      const auto step = of.corrected ? put(*of.corrected, of.bytes, room)
                                     : table_.convert(left.substr(0, of.bytes), room);
      done.raw += step.used;
      done.text += step.made;
      if (step.stopped == E2BIG) return done;
      if (step.used == of.bytes) continue;
      done.malformed = 1;
      done.reason = illegal_sequence;
      table_.reset();
      return done;
    }
  }

 private:
  struct run {
    std::size_t bytes = 0;
    std::optional<char32_t> corrected;  ///< one character, which iconv(3) is not asked for
  };

  /// What is at the front of whole characters that are no ASCII.
  run characters(std::string_view left) const noexcept {
    std::size_t end = 0;
    while (end < left.size() && !is_ascii(left[end])) {
      const std::size_t size = size_(left.substr(end));
      if (size == 0 || left.size() - end < size) break;
      if (const auto point = corrected(left.substr(end, size)))
        return end == 0 ? run{size, point} : run{end, {}};
      end += size;
    }
    return {end, {}};
  }

  std::optional<char32_t> corrected(std::string_view character) const noexcept {
    if (character.size() == spelled_hangul_bytes) return spelled_hangul(character);
    return corrections_.read(character);
  }

  static iconv_handle::step put(char32_t point, std::size_t bytes, std::span<char> room) noexcept {
    if (point == 0) return {0, 0, EILSEQ};
    const std::size_t size = utf8_bytes(point);
    if (room.size() < size) return {0, 0, E2BIG};
    put_utf8(point, room.data());
    return {bytes, size, 0};
  }

  decode_step at_no_character(std::string_view left, bool final, decode_step done) const noexcept {
    const bool cut = is_cut(left);
    if (cut && !final) return done;
    done.malformed = cut ? left.size() : 1;
    done.reason = cut ? incomplete_sequence : illegal_sequence;
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
  const corrections& corrections_;
  character_size size_;
  bool knows_its_leads_;
};

/// One character at a time: what iconv(3) writes as a byte that begins no character (the euro of
/// GBK, 80) could not be read again.
class multibyte_encoder final : public encoder {
 public:
  explicit multibyte_encoder(const codec& of)
      : table_(of.of_iconv, "UTF-8"),
        corrections_(corrections_of(of.name)),
        size_(size_in(of.parameter)),
        is_cp932_(of.name == "cp932"),
        spells_hangul_(of.name == "euc_kr") {}

  std::size_t encode(std::string_view utf8, std::string& out) override {
    std::string_view left = utf8;
    while (!left.empty()) {
      const std::size_t before = out.size();
      out.resize(before + left.size());
      const std::size_t ascii = copy_ascii(left.data(), out.data() + before, left.size());
      out.resize(before + ascii);
      left.remove_prefix(ascii);
      while (!left.empty() && !is_ascii(left[0])) {
        const code_point first = first_code_point(left);
        if (!append(first.value, left.substr(0, first.size), out)) return utf8.size() - left.size();
        left.remove_prefix(first.size);
      }
    }
    return utf8.size();
  }
  const char* reason() const noexcept override { return illegal_sequence; }

 private:
  bool append(char32_t point, std::string_view utf8, std::string& out) {
    if (const auto bytes = corrections_.write(point)) {
      append_big_endian(*bytes, out);
      return *bytes != 0;
    }
    return append_converted(utf8, out) || (spells_hangul_ && append_spelled_hangul(point, out));
  }

  bool append_converted(std::string_view character, std::string& out) {
    char made[most_character_bytes];
    const auto step = table_.convert(character, made);
    const std::string_view bytes(made, step.made);
    if (step.stopped != 0 || bytes.empty()) return table_.reset(), false;
    if (!is_ascii(bytes[0]) && size_(bytes) != bytes.size()) return false;
    if (is_cp932_ && bytes.size() == 2) {
      append_big_endian(
          place_of_nec(static_cast<std::uint32_t>(byte_at(bytes, 0)) << 8 | byte_at(bytes, 1)),
          out);
    } else {
      out += bytes;
    }
    return true;
  }

  iconv_handle table_;
  const corrections& corrections_;
  character_size size_;
  bool is_cp932_;
  bool spells_hangul_;
};

}  // namespace

std::unique_ptr<decoder> make_multibyte_decoder(const codec& of) {
  return std::make_unique<multibyte_decoder>(of);
}
std::unique_ptr<encoder> make_multibyte_encoder(const codec& of) {
  return std::make_unique<multibyte_encoder>(of);
}

}  // namespace ringfiles::text
