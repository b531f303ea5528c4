// UTF-16 and UTF-32: units of two or four bytes in either order.
#include <bit>
#include <cstring>

#include "text/code_points.hpp"
#include "text/unicode_codecs.hpp"

namespace ringfiles::text {
namespace {

enum byte_order : std::uint8_t { unknown = 0, little = 1, big = 2 };

constexpr byte_order native = std::endian::native == std::endian::little ? little : big;

template <class Unit>
Unit load(const char* from, byte_order order) noexcept {
  Unit unit = 0;
  std::memcpy(&unit, from, sizeof unit);
  if (order == native) return unit;
  if constexpr (sizeof(Unit) == 2) return __builtin_bswap16(unit);
  if constexpr (sizeof(Unit) == 4) return __builtin_bswap32(unit);
}

template <class Unit>
void append(Unit unit, byte_order order, std::string& out) {
  if (order != native) {
    if constexpr (sizeof(Unit) == 2) unit = __builtin_bswap16(unit);
    if constexpr (sizeof(Unit) == 4) unit = __builtin_bswap32(unit);
  }
  char bytes[sizeof unit];
  std::memcpy(bytes, &unit, sizeof unit);
  out.append(bytes, sizeof unit);
}

/// What a character at the front is, or why it is none.
struct character {
  char32_t point = 0;
  std::size_t raw = 0;  ///< 0: it is incomplete, or malformed
  std::size_t malformed = 0;
  const char* reason = nullptr;
};

constexpr character incomplete{};
constexpr character bad(std::size_t size, const char* reason) noexcept {
  return {0, 0, size, reason};
}

struct utf16 {
  using unit = std::uint16_t;
  static constexpr const char* no_mark = "UTF-16 stream does not start with BOM";

  static character first(std::string_view raw, byte_order order, bool final) noexcept {
    if (raw.size() < 2) return final ? bad(raw.size(), "truncated data") : incomplete;
    const unit lead = load<unit>(raw.data(), order);
    if (!is_surrogate(lead)) return {lead, 2, 0, nullptr};
    if (lead >= 0xdc00) return bad(2, "illegal encoding");
    if (raw.size() < 4) return final ? bad(raw.size(), "unexpected end of data") : incomplete;
    const unit trail = load<unit>(raw.data() + 2, order);
    if (trail < 0xdc00 || trail > 0xdfff) return bad(2, "illegal UTF-16 surrogate");
    const char32_t high = static_cast<char32_t>(lead & 0x3ff) << 10;
    return {0x10000 + (high | (trail & 0x3ff)), 4, 0, nullptr};
  }

  static void put(char32_t point, byte_order order, std::string& out) {
    if (point < 0x10000) return append(static_cast<unit>(point), order, out);
    const char32_t above = point - 0x10000;
    append(static_cast<unit>(0xd800 | above >> 10), order, out);
    append(static_cast<unit>(0xdc00 | (above & 0x3ff)), order, out);
  }

  /// Four ASCII characters at a time, as they are the rule; how many bytes were made.
  static std::size_t skip_ascii(std::string_view raw, byte_order order, char* to,
                                std::size_t room) noexcept {
    if constexpr (native != little) return 0;
    const int shift = order == little ? 0 : 8;
    constexpr std::uint64_t other_bits = 0xff80ff80ff80ff80u;
    constexpr std::uint64_t other_bits_swapped = 0x80ff80ff80ff80ffu;
    const std::uint64_t others = order == little ? other_bits : other_bits_swapped;
    std::size_t made = 0;
    for (; made + 4 <= room && 2 * made + 8 <= raw.size(); made += 4) {
      std::uint64_t four = 0;
      std::memcpy(&four, raw.data() + 2 * made, sizeof four);
      if ((four & others) != 0) break;
      four >>= shift;
      four = (four | four >> 8) & 0x0000ffff0000ffffu;
      const auto packed = static_cast<std::uint32_t>(four | four >> 16);
      std::memcpy(to + made, &packed, sizeof packed);
    }
    return made;
  }
};

struct utf32 {
  using unit = std::uint32_t;
  static constexpr const char* no_mark = "UTF-32 stream does not start with BOM";

  static character first(std::string_view raw, byte_order order, bool final) noexcept {
    if (raw.size() < 4) return final ? bad(raw.size(), "truncated data") : incomplete;
    const char32_t point = load<unit>(raw.data(), order);
    if (is_surrogate(point))
      return bad(4, "code point in surrogate code point range(0xd800, 0xe000)");
    if (point > last_code_point) return bad(4, "code point not in range(0x110000)");
    return {point, 4, 0, nullptr};
  }

  static void put(char32_t point, byte_order order, std::string& out) {
    append(static_cast<unit>(point), order, out);
  }

  static std::size_t skip_ascii(std::string_view, byte_order, char*, std::size_t) noexcept {
    return 0;
  }
};

template <class Form>
class wide_decoder final : public decoder {
 public:
  explicit wide_decoder(byte_order order) noexcept : order_(order), marked_(order == unknown) {}

  decode_step decode(std::string_view raw, std::span<char> out, bool final) noexcept override {
    decode_step done;
    if (order_ == unknown && !read_mark(raw, final, done)) return done;
    for (;;) {
      const std::size_t ascii = Form::skip_ascii(raw.substr(done.raw), order_,
                                                 out.data() + done.text, out.size() - done.text);
      done.text += ascii;
      done.raw += ascii * sizeof(unit);
      // What is no ASCII is followed by its like, as a rule.
      for (int i = 0; i < 8; ++i) {
        if (done.raw == raw.size()) return done;
        const character next = Form::first(raw.substr(done.raw), order_, final);
        if (next.raw == 0) {
          done.malformed = next.malformed;
          done.reason = next.reason;
          return done;
        }
        if (out.size() - done.text < utf8_bytes(next.point)) return done;
        put_utf8(next.point, out.data() + done.text);
        done.text += utf8_bytes(next.point);
        done.raw += next.raw;
      }
    }
  }

  std::uint8_t state() const noexcept override { return marked_ ? order_ : 0; }
  void set_state(std::uint8_t state) noexcept override {
    if (marked_) order_ = static_cast<byte_order>(state);
  }
  std::uint8_t state_within() const noexcept override { return marked_ ? learned_ : 0; }

 private:
  using unit = typename Form::unit;

  /// False: there is none, or not yet.
  bool read_mark(std::string_view raw, bool final, decode_step& done) noexcept {
    if (raw.size() < sizeof(unit)) {
      done.malformed = final ? raw.size() : 0;
      done.reason = done.malformed > 0 ? "truncated data" : nullptr;
      return false;
    }
    for (const byte_order order : {little, big}) {
      if (load<unit>(raw.data(), order) != 0xfeff) continue;
      order_ = learned_ = order;
      done.raw = sizeof(unit);
      return true;
    }
    done.malformed = sizeof(unit);
    done.reason = Form::no_mark;
    done.beyond_handlers = true;
    return false;
  }

  byte_order order_;
  byte_order learned_ = native;  ///< what the mark said last, or would say if we had written it
  const bool marked_;
};

template <class Form>
class wide_encoder final : public encoder {
 public:
  explicit wide_encoder(byte_order order) : order_(order == unknown ? native : order) {
    if (order == unknown) Form::put(0xfeff, native, mark_);
  }

  std::size_t encode(std::string_view utf8, std::string& out) override {
    std::string_view left = utf8;
    out.reserve(out.size() + utf8.size() * sizeof(typename Form::unit));
    while (!left.empty()) {
      const code_point next = first_code_point(left);
      if (is_surrogate(next.value)) break;
      Form::put(next.value, order_, out);
      left.remove_prefix(next.size);
    }
    return utf8.size() - left.size();
  }
  std::string_view mark() const noexcept override { return mark_; }
  bool takes_bytes() const noexcept override { return false; }
  const char* reason() const noexcept override { return "surrogates not allowed"; }

 private:
  const byte_order order_;
  std::string mark_;
};

byte_order order_of(const codec& of) noexcept {
  return of.parameter == "little" ? little : of.parameter == "big" ? big : unknown;
}

}  // namespace

std::unique_ptr<decoder> make_utf16_decoder(const codec& of) {
  return std::make_unique<wide_decoder<utf16>>(order_of(of));
}
std::unique_ptr<encoder> make_utf16_encoder(const codec& of) {
  return std::make_unique<wide_encoder<utf16>>(order_of(of));
}
std::unique_ptr<decoder> make_utf32_decoder(const codec& of) {
  return std::make_unique<wide_decoder<utf32>>(order_of(of));
}
std::unique_ptr<encoder> make_utf32_encoder(const codec& of) {
  return std::make_unique<wide_encoder<utf32>>(order_of(of));
}

}  // namespace ringfiles::text
