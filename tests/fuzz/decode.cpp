// Decoders: bytes that arrive in pieces, decoded into rooms of any size by decoders that are
// replaced on the way, give the text that they give in one piece; and that is UTF-8.
#include <optional>
#include <span>

#include "fuzz/reference.hpp"
#include "fuzz/target.hpp"
#include "text/codec.hpp"
#include "text/utf8.hpp"

namespace ringfiles::fuzzing {
namespace {

constexpr text_errors handlers[] = {text_errors::strict,          text_errors::ignore,
                                    text_errors::replace,         text_errors::backslashreplace,
                                    text_errors::surrogateescape, text_errors::xmlcharrefreplace};
/// No character, and no stand-in of a handler, needs more room (file/decoded_text.cpp).
constexpr std::size_t least_room = 64;
/// More text than this does not become of a byte.
constexpr std::size_t most_growth = 8;

struct outcome {
  std::string text;
  std::size_t used = 0;  ///< all, or up to the malformed sequence
  std::size_t malformed = 0;
  std::string reason;
};

outcome decode_at_once(const text::codec& of, text_errors errors, std::string_view bytes) {
  text::text_decoder decoder(of, errors);
  outcome all;
  all.text.resize(most_growth * bytes.size() + least_room);
  const auto step = decoder.decode(bytes, all.text, true);
  all.text.resize(step.text);
  all.used = step.raw;
  all.malformed = step.malformed;
  all.reason = step.reason == nullptr ? "" : step.reason;
  require(step.malformed > 0 || step.raw == bytes.size(), "with room enough all bytes are used");
  return all;
}

class piecewise {
 public:
  piecewise(const text::codec& of, text_errors errors, std::string_view bytes, cuts sizes)
      : of_(of), errors_(errors), bytes_(bytes), sizes_(sizes), decoder_(of, errors) {}

  outcome decode() {
    while (all_.malformed == 0 && (all_.used < bytes_.size() || there_ < bytes_.size())) {
      const std::size_t arrives = sizes_.next();
      there_ = std::min(there_ + (arrives == 0 ? 1 : arrives), bytes_.size());
      decode_what_is_there();
    }
    return all_;
  }

 private:
  void decode_what_is_there() {
    while (all_.used < there_ && all_.malformed == 0) {
      if (step(sizes_.next() % least_room)) continue;
      if (all_.malformed == 0 && !step(least_room)) break;
    }
    const bool final = there_ == bytes_.size();
    require(!final || all_.malformed > 0 || all_.used == there_, "at the end nothing is left");
  }

  /// False: nothing was used.
  bool step(std::size_t room) {
    const std::vector<char> raw(bytes_.begin() + place(all_.used), bytes_.begin() + place(there_));
    std::vector<char> out(room);
    const bool final = there_ == bytes_.size();
    const auto done = decoder_.decode({raw.data(), raw.size()}, out, final);
    require(done.raw <= raw.size() && done.text <= out.size(), "no more than there is");
    require(done.raw > 0 || done.text == 0, "no text is made of nothing");
    all_.text.append(out.data(), done.text);
    all_.used += done.raw;
    all_.malformed = done.malformed;
    if (done.reason != nullptr) all_.reason = done.reason;
    if (done.raw % 2 != 0) hand_over();
    return done.raw > 0;
  }

  /// As a seek() to here does it.
  void hand_over() {
    text::text_decoder other(of_, errors_);
    other.set_state(decoder_.state());
    decoder_ = std::move(other);
  }

  static std::ptrdiff_t place(std::size_t at) { return static_cast<std::ptrdiff_t>(at); }

  const text::codec& of_;
  text_errors errors_;
  std::string_view bytes_;
  cuts sizes_;
  text::text_decoder decoder_;
  std::size_t there_ = 0;
  outcome all_;
};

bool in_unicode(const text::codec& of) { return of.name.starts_with("utf-"); }
/// A table of 256: each character is one byte.
bool in_single_bytes(const text::codec& of) {
  return of.make_decoder == text::find_codec("latin-1")->make_decoder;
}

void check_text(std::string_view text, text_errors errors) {
  const bool escaped = errors == text_errors::surrogateescape;
  require(reference::utf8_prefix(text, escaped) == text.size(), "what was decoded is UTF-8");
  require(escaped || text::is_utf8_with_surrogates(text), "is_utf8_with_surrogates()");
  for (std::size_t at = 0; at < text.size();
       at += reference::utf8_character(text.substr(at), true)) {
    const std::string_view rest = text.substr(at);
    if (reference::utf8_character(rest) > 0) continue;
    require(rest.substr(0, 3) >= "\xed\xb2\x80" && rest.substr(0, 3) <= "\xed\xb3\xbf",
            "surrogateescape makes U+DC80 to U+DCFF alone");
  }
}

/// iso2022_jp reads an escape character that begins no escape as it is, and writes it so, as
/// CPython does; then it may begin one.
bool may_shift(const text::codec& of, std::string_view text) {
  return of.name == "iso2022_jp" && text.find_first_of("\x1b\x0e\x0f") != text.npos;
}

/// What was decoded without stand-ins can be written, and is read again as the same.
void check_round_trip(const text::codec& of, const outcome& first, text_errors errors) {
  if (may_shift(of, first.text)) return;
  text::text_encoder encoder(of, errors);
  std::string bytes(encoder.mark());
  const auto failure = encoder.encode(first.text, bytes);
  require(!failure, "what was decoded can be encoded");
  const outcome second = decode_at_once(of, errors, bytes);
  require_same(second.text, first.text, "what was encoded is decoded to the same");
}

/// surrogateescape is there for this: any bytes come through.
void check_bytes_kept(const text::codec& of, const outcome& all, std::string_view bytes) {
  text::text_encoder encoder(of, text_errors::surrogateescape);
  std::string written;
  require(!encoder.encode(all.text, written), "escaped bytes can be written");
  if (bytes.starts_with(encoder.mark())) bytes.remove_prefix(encoder.mark().size());
  require_same(written, bytes, "surrogateescape keeps all bytes");
}

/// As tell() finds the byte of a character: there is room for no more than is in front of it. From
/// there on, another decoder with that state goes on with the rest. Within a stand-in of several
/// characters there is no such place.
void check_place(const text::codec& of, text_errors errors, std::string_view bytes,
                 const outcome& whole, std::size_t wanted) {
  std::size_t at = 0;
  const std::string_view text = whole.text;
  while (at < text.size() && at < wanted) at += reference::utf8_character(text.substr(at), true);
  text::text_decoder decoder(of, errors);
  std::string front;
  std::size_t used = 0, step_raw = 1;
  while (front.size() < at && step_raw > 0) {
    std::vector<char> room(std::min(at - front.size(), least_room));
    const auto step = decoder.decode(bytes.substr(used), room, true);
    front.append(room.data(), step.text);
    used += step_raw = step.raw;
  }
  require_same(front, text.substr(0, at), "text in front of a place");
  text::text_decoder other(of, errors);
  other.set_state(decoder.state());
  std::string rest(most_growth * bytes.size() + least_room, '\0');
  rest.resize(other.decode(bytes.substr(used), rest, true).text);
  require_same(rest, text.substr(at), "text from a place on");
}

/// The scan of UTF-8 without a decoder, piece by piece as it is used on a file's buffer.
void check_utf8_scan(std::string_view bytes, cuts sizes) {
  const text::utf8_scan whole = text::scan_utf8_final(bytes);
  require(whole.valid == reference::utf8_prefix(bytes), "scan_utf8_final() finds what is no UTF-8");
  require((whole.malformed > 0) == (whole.valid < bytes.size()), "it is malformed, or all of it");
  std::size_t done = 0, there = 0;
  text::utf8_scan last;
  while (there < bytes.size() && last.malformed == 0) {
    there = std::min(there + sizes.next() + 1, bytes.size());
    last = text::scan_utf8(bytes.substr(done, there - done));
    done += last.valid;
    require(last.malformed > 0 || last.incomplete == there - done, "only a beginning is left");
    require(last.incomplete < 4, "no beginning is as long as a character");
  }
  if (last.malformed == 0) last = text::scan_utf8_final(bytes.substr(done));
  require(done == whole.valid && last.malformed == whole.malformed, "scans in pieces agree");
  require(std::string_view(last.reason == nullptr ? "" : last.reason) ==
              (whole.reason == nullptr ? "" : whole.reason),
          "scans in pieces agree on the reason");
}

void check(input from) {
  // By its place: seeds keep their encoding while new ones come last.
  const text::codec& of = from.choose(text::all_codecs());
  const text_errors errors = from.choose(handlers);
  cuts sizes(from);
  const std::string_view bytes = from.rest();
  if (!text::is_available(of)) return;
  const outcome whole = decode_at_once(of, errors, bytes);
  const outcome pieces = piecewise(of, errors, bytes, sizes).decode();
  require_same(pieces.text, whole.text, "text decoded in pieces");
  require(pieces.used == whole.used, "the place of what is malformed");
  require(pieces.malformed == whole.malformed, "the size of what is malformed");
  require_same(pieces.reason, whole.reason, "the reason why it is malformed");
  check_text(whole.text, errors);
  if (errors == text_errors::strict) check_round_trip(of, whole, errors);
  const bool kept = text::is_plain_utf8(of) || of.name == "utf-8-sig" || in_single_bytes(of);
  if (kept && errors == text_errors::surrogateescape) check_bytes_kept(of, whole, bytes);
  const bool has_places =
      errors != text_errors::backslashreplace && errors != text_errors::surrogateescape;
  if (has_places) check_place(of, errors, bytes, whole, sizes.next());
  if (in_unicode(of)) check_utf8_scan(bytes, sizes);
}

const target decode_target("decode", check);

}  // namespace
}  // namespace ringfiles::fuzzing
