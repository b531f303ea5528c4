// The UTF-8 decoder and its error handlers against CPython's, over all strings of three bytes and
// those of four whose first is F0 to F4. generate_utf8_digests.py says what the digests are of.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "memory_rig.hpp"
#include "text/codec.hpp"
#include "text_vectors.hpp"
#include "utf8_digests.hpp"

namespace ringfiles::text {
namespace {

using testing::digest;
using testing::four_byte_digests;
using testing::three_byte_digests;

constexpr std::array handlers{text_errors::strict, text_errors::ignore, text_errors::replace,
                              text_errors::backslashreplace, text_errors::surrogateescape};
constexpr std::array handler_names{"strict", "ignore", "replace", "backslashreplace",
                                   "surrogateescape"};
constexpr std::array<std::string_view, 4> reasons{
    "", "invalid start byte", "invalid continuation byte", "unexpected end of data"};
constexpr std::string_view mark = "\xed\xbf\xbf";

/// No string of four bytes becomes more text than four times "\xNN".
constexpr std::size_t most_text = 64;

/// Adds what a decoder gives for one string as the generator does.
class recorder {
 public:
  explicit recorder(text_errors errors) : decoder_(*find_codec("utf-8"), errors) {}

  void add(digest& to, std::string_view bytes) {
    std::array<char, most_text> out;
    const decode_step step = decoder_.decode(bytes, out, true);
    to.add(std::string_view(out.data(), step.text));
    to.add(mark);
    if (!strict_) return;
    const auto reason =
        std::find(reasons.begin(), reasons.end(), step.reason == nullptr ? "" : step.reason);
    to.add(static_cast<unsigned>(step.malformed > 0 ? step.raw : 0));
    to.add(static_cast<unsigned>(step.malformed));
    to.add(static_cast<unsigned>(reason - reasons.begin()));
  }
  void be_strict() { strict_ = true; }

 private:
  text_decoder decoder_;
  bool strict_ = false;
};

recorder recorder_for(std::size_t handler) {
  recorder made(handlers[handler]);
  if (handlers[handler] == text_errors::strict) made.be_strict();
  return made;
}

/// Adds all strings that are `front` and two bytes more.
void add_all(recorder& from, digest& to, std::string_view front) {
  std::array<char, 4> bytes{};
  front.copy(bytes.data(), front.size());
  const std::string_view whole(bytes.data(), front.size() + 2);
  for (unsigned pair = 0; pair < 0x10000; ++pair) {
    bytes[front.size()] = static_cast<char>(pair >> 8);
    bytes[front.size() + 1] = static_cast<char>(pair & 0xff);
    from.add(to, whole);
  }
}

TEST(Utf8Handlers, AgreeWithCPythonOnAllStringsOfThreeBytes) {
  std::size_t strings = 0;
  for (std::size_t handler = 0; handler < handlers.size(); ++handler) {
    // A sanitizer need not see one kind of letter a hundred times.
    for (unsigned first = 0; first < 256; first += testing::sanitized ? 15 : 1) {
      digest records;
      recorder decoder = recorder_for(handler);
      add_all(decoder, records, std::string(1, static_cast<char>(first)));
      EXPECT_EQ(records.value(), three_byte_digests[handler * 256 + first])
          << handler_names[handler] << ", first byte " << first;
      strings += 0x10000;
    }
  }
  std::printf("%zu strings of three bytes decoded, each handler counted\n", strings);
}

/// Of each first byte, the second ones at which the table of well-formed UTF-8 changes.
bool is_decisive(unsigned first, unsigned high) {
  return high == 8 || (high == 9 && (first == 0xf0 || first == 0xf4));
}

TEST(Utf8Handlers, AgreeWithCPythonOnStringsOfFourBytes) {
  std::size_t strings = 0;
  for (std::size_t handler = 0; handler < handlers.size(); ++handler) {
    for (unsigned group = 0; group < 5 * 16; ++group) {
      const unsigned first = 0xf0 + group / 16;
      const unsigned high = group % 16;
      if (!testing::soak() && (testing::sanitized || !is_decisive(first, high))) continue;
      digest records;
      recorder decoder = recorder_for(handler);
      for (unsigned low = 0; low < 16; ++low) {
        const char front[] = {static_cast<char>(first), static_cast<char>(high * 16 + low)};
        add_all(decoder, records, {front, 2});
      }
      EXPECT_EQ(records.value(), four_byte_digests[handler * 5 * 16 + group])
          << handler_names[handler] << ", first byte " << first << ", second from " << high * 16;
      strings += 16 * 0x10000;
    }
  }
  std::printf("%zu strings of four bytes decoded, each handler counted\n", strings);
  if (strings == 0) GTEST_SKIP() << "a million strings a group: without a sanitizer, please";
}

// A string alone is shorter than what is checked with vectors. Within a longer text, at the borders
// of its blocks and elsewhere, it is not, and nothing but the reason of a cut sequence changes.
TEST(Utf8Handlers, SeeTheSameInTheMiddleOfALongText) {
  std::string text(700, 'x');
  std::array<char, 1024> out;
  text_decoder alone(*find_codec("utf-8"), text_errors::replace);
  text_decoder within(*find_codec("utf-8"), text_errors::replace);
  const unsigned stride = testing::soak() ? 1 : testing::sanitized ? 1009 : 13;
  for (unsigned string = 0; string < 0x1000000; string += stride) {
    const char bytes[] = {static_cast<char>(string >> 16), static_cast<char>(string >> 8 & 0xff),
                          static_cast<char>(string & 0xff)};
    const std::size_t place = 200 + string % 71 + (string & 256);
    std::memcpy(text.data() + place, bytes, 3);
    std::array<char, most_text> expected;
    const std::size_t size = alone.decode({bytes, 3}, expected, true).text;
    const decode_step step = within.decode(text, out, true);
    ASSERT_EQ(step.raw, text.size());
    ASSERT_EQ(std::string_view(out.data(), step.text).substr(place, size),
              std::string_view(expected.data(), size))
        << std::hex << string;
    ASSERT_EQ(step.text, size + text.size() - 3) << std::hex << string;
    std::memcpy(text.data() + place, "xxx", 3);
  }
}

}  // namespace
}  // namespace ringfiles::text
