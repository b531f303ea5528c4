// ISO-2022-JP (RFC 1468): character sets that escape sequences switch on (ISO/IEC 2022).
#include <algorithm>
#include <array>
#include <cerrno>

#include "text/code_points.hpp"
#include "text/iconv_handle.hpp"
#include "text/multibyte_codec.hpp"

namespace ringfiles::text {
namespace {

constexpr char escape = '\x1b';

/// Where an escape sequence ends, and how long CPython looks for it.
constexpr bool is_end_of_escape(char byte) noexcept {
  return (byte >= 'A' && byte <= 'Z') || byte == '@';
}
constexpr std::size_t most_escape_bytes = 16;

/// Each file begins in ASCII.
enum class character_set : std::uint8_t { ascii, jis_roman, jis_x_0208 };

struct designation {
  std::string_view sequence;
  std::optional<character_set> becomes;  ///< nothing: of a set that nothing shifts to
};

/// JIS X 0208 has three: of 1978, of 1983 and, with its prefix, of 1990.
constexpr auto designations =
    std::to_array<designation>({{"\x1b(B", character_set::ascii},
                                {"\x1b(J", character_set::jis_roman},
                                {"\x1b$@", character_set::jis_x_0208},
                                {"\x1b$B", character_set::jis_x_0208},
                                {"\x1b$(@", character_set::jis_x_0208},
                                {"\x1b$(B", character_set::jis_x_0208},
                                {"\x1b&@\x1b$B", character_set::jis_x_0208},
                                {"\x1b)B", {}},
                                {"\x1b)J", {}},
                                {"\x1b$)@", {}},
                                {"\x1b$)B", {}}});

/// What one kind of bytes at the front gave, and why it went no further.
struct advance {
  std::size_t used = 0;
  std::size_t made = 0;
  std::size_t malformed = 0;
  enum { goes_on, has_no_room, is_cut, is_malformed } then = goes_on;
};

advance malformed(std::size_t bytes) noexcept { return {0, 0, bytes, advance::is_malformed}; }

class iso2022_decoder final : public decoder {
 public:
  explicit iso2022_decoder(const codec&) : table_("UTF-8", "EUC-JP") {}

  decode_step decode(std::string_view raw, std::span<char> out, bool final) noexcept override {
    decode_step done;
    while (done.raw < raw.size()) {
      const std::string_view left = raw.substr(done.raw);
      const advance step = next(left, out.subspan(done.text));
      done.raw += step.used;
      done.text += step.made;
      if (step.then == advance::goes_on) continue;
      if (step.then == advance::is_malformed) {
        done.malformed = step.malformed;
        done.reason = illegal_sequence;
      } else if (step.then == advance::is_cut && final) {
        done.malformed = raw.size() - done.raw;
        done.reason = incomplete_sequence;
      }
      break;
    }
    return done;
  }

  std::uint8_t state() const noexcept override {
    return static_cast<std::uint8_t>(static_cast<unsigned>(set_) | (in_other_escape_ ? other : 0));
  }
  void set_state(std::uint8_t state) noexcept override {
    const unsigned set = state & ~other;
    set_ = set <= static_cast<unsigned>(character_set::jis_x_0208) ? character_set(set)
                                                                   : character_set::ascii;
    in_other_escape_ = (state & other) != 0;
  }

 private:
  /// A bit of its own; not the highest, since a cookie with a state is a positive number.
  static constexpr unsigned other = 0x08;

  advance next(std::string_view left, std::span<char> room) noexcept {
    if (in_other_escape_) return other_escape(left[0], room);
    if (left[0] == escape) return escape_at(left, room);
    if (set_ == character_set::ascii) return ascii(left, room);
    if (!is_ascii(left[0])) return malformed(1);
    if (left[0] >= 0 && left[0] < ' ') return put(static_cast<unsigned char>(left[0]), 1, room);
    return set_ == character_set::jis_roman ? roman(left[0], room) : pairs(left, room);
  }

  static advance put(char32_t point, std::size_t used, std::span<char> room) noexcept {
    const std::size_t size = utf8_bytes(point);
    if (room.size() < size) return {0, 0, 0, advance::has_no_room};
    put_utf8(point, room.data());
    return {used, size};
  }

  /// An escape sequence of something else (ECMA-48's colours) is text, each byte a character, up to
  /// the first that could end one.
  advance other_escape(char byte, std::span<char> room) noexcept {
    const advance step = put(static_cast<unsigned char>(byte), 1, room);
    if (step.used != 0 && is_end_of_escape(byte)) in_other_escape_ = false;
    return step;
  }

  advance escape_at(std::string_view left, std::span<char> room) noexcept {
    if (left.size() < 2) return {0, 0, 0, advance::is_cut};
    if (std::string_view("()$.&").find(left[1]) == std::string_view::npos) {
      const advance step = put(escape, 1, room);
      in_other_escape_ = step.used != 0;
      return step;
    }
    std::size_t end = 1;
    for (; end < most_escape_bytes; ++end) {
      if (end >= left.size()) return {0, 0, 0, advance::is_cut};
      if (is_end_of_escape(left[end])) break;
      if (left.substr(end).starts_with("&@")) end += 2;
    }
    if (end >= most_escape_bytes) return malformed(1);
    const std::string_view sequence = left.substr(0, end + 1);
    const auto* const found = std::ranges::find(designations, sequence, &designation::sequence);
    if (found == designations.end()) return malformed(sequence.size());
    set_ = found->becomes.value_or(set_);
    return {sequence.size(), 0};
  }

  static advance ascii(std::string_view left, std::span<char> room) noexcept {
    left = left.substr(0, left.find(escape));
    const std::size_t size =
        copy_ascii(left.data(), room.data(), std::min(left.size(), room.size()));
    if (size == left.size()) return {size, size};
    return {size, size, 1, is_ascii(left[size]) ? advance::has_no_room : advance::is_malformed};
  }

  /// ASCII but for two.
  static advance roman(char byte, std::span<char> room) noexcept {
    const auto same = static_cast<unsigned char>(byte);
    return put(byte == '\\' ? 0xa5 : byte == '~' ? 0x203e : char32_t{same}, 1, room);
  }

  /// EUC-JP has the characters of JIS X 0208 with the highest bits set.
  advance pairs(std::string_view left, std::span<char> room) noexcept {
    std::array<char, 128> euc;
    std::size_t size = 0;
    const std::size_t most = std::min(left.size(), euc.size());
    const auto in_table = [](char byte) { return byte > ' ' && byte < '\x7f'; };
    for (; size + 2 <= most && in_table(left[size]) && in_table(left[size + 1]); size += 2) {
      euc[size] = static_cast<char>(left[size] | '\x80');
      euc[size + 1] = static_cast<char>(left[size + 1] | '\x80');
    }
    if (size == 0) return left.size() < 2 ? advance{0, 0, 0, advance::is_cut} : malformed(2);
    const auto step = table_.convert(std::string_view(euc.data(), size), room);
    if (step.stopped == 0) return {step.used, step.made};
    if (step.stopped == E2BIG) return {step.used, step.made, 0, advance::has_no_room};
    table_.reset();
    return {step.used, step.made, 2, advance::is_malformed};
  }

  iconv_handle table_;
  character_set set_ = character_set::ascii;
  bool in_other_escape_ = false;
};

/// What it encodes ends in ASCII, as RFC 1468 asks for, so that each piece stands for itself:
/// CPython's incremental encoder leaves that to a write that may never come.
class iso2022_encoder final : public encoder {
 public:
  explicit iso2022_encoder(const codec& of) : table_(of.of_iconv, "UTF-8") {}

  std::size_t encode(std::string_view utf8, std::string& out) override {
    const std::size_t used = append_converted(utf8, out);
    char back[most_character_bytes];
    out.append(back, table_.finish(back).made);
    return used;
  }
  const char* reason() const noexcept override { return illegal_sequence; }

 private:
  /// Appends what iconv(3) makes of the front of `text`; how much that was.
  std::size_t append_converted(std::string_view text, std::string& out) {
    std::size_t used = 0;
    for (;;) {
      const std::size_t before = out.size();
      out.resize(before + 2 * (text.size() - used) + most_character_bytes);
      const auto step = table_.convert(text.substr(used), std::span(out).subspan(before));
      out.resize(before + step.made);
      used += step.used;
      if (step.stopped != E2BIG) return used;
    }
  }

  iconv_handle table_;
};

}  // namespace

std::unique_ptr<decoder> make_iso2022_decoder(const codec& of) {
  return std::make_unique<iso2022_decoder>(of);
}
std::unique_ptr<encoder> make_iso2022_encoder(const codec& of) {
  return std::make_unique<iso2022_encoder>(of);
}

}  // namespace ringfiles::text
