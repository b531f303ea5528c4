// Names: modes of open(), newlines and encodings, against small models of what Python takes.
#include <fcntl.h>

#include <cctype>
#include <map>
#include <optional>
#include <stdexcept>

#include "file/open_mode.hpp"
#include "fuzz/target.hpp"
#include "ringfiles/encoding.hpp"
#include "text/codec.hpp"
#include "text/newlines.hpp"

namespace ringfiles::fuzzing {
namespace {

std::size_t count(std::string_view word, std::string_view letters) {
  return static_cast<std::size_t>(std::ranges::count_if(
      word, [&](char letter) { return letters.find(letter) != std::string_view::npos; }));
}

/// By the letters that it has, in whatever order.
bool python_takes(std::string_view mode) {
  return count(mode, "rwax") == 1 && count(mode, "+") <= 1 && count(mode, "bt") <= 1 &&
         count(mode, "rwax+bt") == mode.size();
}

void check_mode(std::string_view mode) {
  static const std::map<char, int> flags{
      {'r', 0}, {'w', O_CREAT | O_TRUNC}, {'a', O_CREAT | O_APPEND}, {'x', O_CREAT | O_EXCL}};
  const auto parsed = detail::parse_open_mode(mode);
  require(parsed.has_value() == python_takes(mode), "a mode is taken as Python takes it");
  if (!parsed) return;
  const char action = mode[mode.find_first_of("rwax")];
  const bool both = count(mode, "+") == 1;
  const int access = both ? O_RDWR : action == 'r' ? O_RDONLY : O_WRONLY;
  require(parsed->flags == (flags.at(action) | access), "flags of a mode");
  require(parsed->readable == (both || action == 'r'), "what may be read");
  require(parsed->writable == (both || action != 'r'), "what may be written");
  require(parsed->append == (action == 'a'), "what appends");
  require(parsed->text == (count(mode, "b") == 0), "what is text");
}

void check_newline(std::string_view value) {
  static const std::map<std::string_view, newline> known{{"", newline::untranslated},
                                                         {"\n", newline::lf},
                                                         {"\r", newline::cr},
                                                         {"\r\n", newline::crlf}};
  const auto wanted = known.find(value);
  try {
    const newline mode = text::parse_newline(value);
    require(wanted != known.end() && wanted->second == mode, "a newline is what Python means");
  } catch (const std::invalid_argument& failure) {
    require(wanted == known.end(), "a newline that Python knows is taken");
    const std::string words = "illegal newline value: " + std::string(value);
    require_same(failure.what(), words.c_str(), "its words");  // up to a NUL
  }
}

/// The name, with cases and punctuation of the input's choice.
std::string spelled(std::string_view name, input& from) {
  constexpr std::string_view marks[] = {"", "", "", "-", "_", " ", ".", "--", "_-_"};
  std::string made(from.choose(marks));
  for (const char letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) continue;
    made += from.flip() ? static_cast<char>(std::toupper(letter)) : letter;
    made += from.choose(marks);
  }
  return made;
}

void check_known(input& from) {
  const text::codec& one = from.choose(text::all_codecs());
  require(text::find_codec(one.name) == &one, "a codec is found by its name");
  const std::string name = spelled(one.name, from);
  require(text::find_codec(name) == &one, "a codec is found by " + printable(name));
  require(text::find_codec(name + '\0') == nullptr, "no name has a NUL");
  require(text::find_codec(name + "//") == nullptr, "no name has what iconv(3) reads more into");
}

void check_any(std::string_view name) {
  const text::codec* found = text::find_codec(name);
  if (found != nullptr) require(text::find_codec(found->name) == found, "a name is one codec's");
  const encoding held(name);
  if (name.size() <= encoding::most_name_bytes)
    require_same(held.name(), name, "an encoding keeps its name");
  else
    require(text::find_codec(held.name()) == nullptr, "what was cut is no name");
}

void check(input from) {
  switch (from.pick(4)) {
    case 0:
      return check_mode(from.rest());
    case 1:
      return check_newline(from.rest());
    case 2:
      return check_known(from);
    default:
      return check_any(from.rest());
  }
}

const target names_target("names", check);

}  // namespace
}  // namespace ringfiles::fuzzing
