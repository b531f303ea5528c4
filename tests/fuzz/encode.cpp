// Encoders: text that comes in pieces is written as in one piece; a failure writes nothing and
// names the character.
#include <optional>
#include <span>

#include "fuzz/reference.hpp"
#include "fuzz/target.hpp"
#include "text/codec.hpp"

namespace ringfiles::fuzzing {
namespace {

constexpr text_errors handlers[] = {text_errors::strict,          text_errors::ignore,
                                    text_errors::replace,         text_errors::backslashreplace,
                                    text_errors::surrogateescape, text_errors::xmlcharrefreplace};
/// What stands in front of what is encoded, and stays.
constexpr std::string_view before = "before";

/// Text of these bytes: what is UTF-8 (or a surrogate) as it is, and each other byte as U+00NN.
std::string repaired(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t good = reference::utf8_character(bytes, true);
    if (good > 0)
      text += bytes.substr(0, good);
    else
      reference::append_utf8(static_cast<unsigned char>(bytes[0]), text);
    bytes.remove_prefix(good > 0 ? good : 1);
  }
  return text;
}

/// Text of characters of two bytes each: so a mutation reaches all of the first plane at once.
std::string of_units(std::string_view bytes) {
  std::string text;
  for (; bytes.size() > 1; bytes.remove_prefix(2)) {
    const auto high = static_cast<unsigned char>(bytes[0]);
    reference::append_utf8(static_cast<char32_t>(high << 8 | static_cast<unsigned char>(bytes[1])),
                           text);
  }
  return text;
}

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    found.push_back(text.substr(0, reference::utf8_character(text, true)));
    text.remove_prefix(found.back().size());
  }
  return found;
}

struct outcome {
  std::string bytes;
  std::optional<text::encode_failure> failure;
};

outcome encode_one(text::text_encoder& encoder, std::string_view text) {
  outcome made{std::string(before), {}};
  const std::vector<char> exact(text.begin(), text.end());
  made.failure = encoder.encode({exact.data(), exact.size()}, made.bytes);
  require(made.bytes.starts_with(before), "what was there stays");
  if (made.failure) require_same(made.bytes, before, "a failure writes nothing");
  made.bytes.erase(0, before.size());
  return made;
}

/// Up to the first failure, in pieces of whole characters. A piece that failed is written without
/// the character at fault: what is in front of it is all right.
outcome encode_pieces(text::text_encoder& encoder, std::string_view text, cuts sizes) {
  outcome all;
  std::size_t done = 0;
  const auto characters = characters_of(text);
  while (done < characters.size() && !all.failure) {
    const std::size_t count = std::min(sizes.next() + 1, characters.size() - done);
    const char* begin = characters[done].data();
    const std::string_view last = characters[done + count - 1];
    const outcome one =
        encode_one(encoder, {begin, static_cast<std::size_t>(last.data() + last.size() - begin)});
    all.bytes += one.bytes;
    all.failure = one.failure;
    if (all.failure) all.failure->character += done;
    done += count;
  }
  return all;
}

void check_failure(const text::encode_failure& whole, const outcome& pieces,
                   std::string_view text) {
  require(pieces.failure.has_value(), "what fails at once fails in pieces");
  require(pieces.failure->character == whole.character, "the place of a failure");
  require(pieces.failure->point == whole.point, "the character of a failure");
  const auto characters = characters_of(text);
  require(whole.character < characters.size(), "it is a character of the text");
  std::string point;
  reference::append_utf8(whole.point, point);
  require_same(point, characters[whole.character], "it is the character at that place");
}

/// Alone it fails too, and what is in front of it does not.
void check_blame(const text::codec& of, text_errors errors, const text::encode_failure& failure,
                 std::string_view text) {
  const std::string_view bad = characters_of(text)[failure.character];
  text::text_encoder encoder(of, errors);
  require(encode_one(encoder, bad).failure.has_value(), "the character at fault fails alone");
  const auto front = static_cast<std::size_t>(bad.data() - text.data());
  require(!encode_one(encoder, text.substr(0, front)).failure, "what is in front of it is fine");
}

std::string decoded(const text::codec& of, text_errors errors, std::string_view bytes) {
  text::text_decoder decoder(of, errors);
  std::string text(8 * bytes.size() + 64, '\0');
  const auto step = decoder.decode(bytes, text, true);
  require(step.raw == bytes.size() && step.malformed == 0, "what was encoded can be decoded");
  text.resize(step.text);
  return text;
}

bool has_states(const text::codec& of) { return of.name == "iso2022_jp"; }
/// As in CPython, such a character is written as it is, and read as the beginning of an escape.
bool shifts(std::string_view text) { return text.find_first_of("\x1b\x0e\x0f") != text.npos; }
/// Others have characters that are written as each other (a yen as a backslash), as in CPython.
bool tells_all_apart(const text::codec& of) {
  return of.name.starts_with("utf-") ||
         of.make_encoder == text::find_codec("latin-1")->make_encoder;
}

void check_success(const text::codec& of, text_errors errors, const outcome& whole,
                   const outcome& pieces, std::string_view text) {
  require(!pieces.failure, "what succeeds at once succeeds in pieces");
  if (!has_states(of)) require_same(pieces.bytes, whole.bytes, "text encoded in pieces");
  if (errors != text_errors::strict || (has_states(of) && shifts(text))) return;
  const std::string mark(text::text_encoder(of, errors).mark());
  const std::string again = decoded(of, errors, mark + whole.bytes);
  if (tells_all_apart(of)) require_same(again, text, "what was encoded, decoded");
  require_same(decoded(of, errors, mark + pieces.bytes), again,
               "pieces that were encoded, decoded");
}

void check(input from) {
  // By its place: seeds keep their encoding while new ones come last.
  const text::codec& of = from.choose(text::all_codecs());
  const text_errors errors = from.choose(handlers);
  const bool units = from.flip();
  const cuts sizes(from);
  if (!text::is_available(of)) return;
  const std::string text = units ? of_units(from.rest()) : repaired(from.rest());
  text::text_encoder encoder(of, errors);
  const outcome whole = encode_one(encoder, text);
  const outcome pieces = encode_pieces(encoder, text, sizes);
  if (whole.failure) {
    check_failure(*whole.failure, pieces, text);
    check_blame(of, errors, *whole.failure, text);
  } else {
    check_success(of, errors, whole, pieces, text);
  }
}

const target encode_target("encode", check);

}  // namespace
}  // namespace ringfiles::fuzzing
