#include "logagg/escape.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logagg {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

/// Malformed: nothing of it is left as it is.
void expect_escaped(std::string_view bytes, std::string_view shown) {
  EXPECT_FALSE(is_utf8(bytes)) << shown;
  EXPECT_EQ(escape_malformed(bytes), shown);
}

void expect_unchanged(std::string_view bytes) {
  EXPECT_TRUE(is_utf8(bytes)) << bytes;
  EXPECT_EQ(escape_malformed(bytes), bytes);
}

TEST(Escape, KeepsWellFormedUtf8) {
  expect_unchanged("");
  expect_unchanged("plain ASCII, longer than eight bytes");
  expect_unchanged("na\u00EFve \u20AC \U0001F525 \uFFFD");
  expect_unchanged("\u0080 \u07FF \u0800 \uFFFF \U00010000 \U0010FFFF");
  expect_unchanged("\xED\x9F\xBF \xEE\x80\x80");
  expect_unchanged(std::string_view("\0\x01\x1B[31m\x7F", 8));
}

TEST(Escape, ShowsEachByteThatIsNotUtf8) {
  expect_escaped("caf\xE9", "caf\\xe9");
  expect_escaped("\x80\xBF\xFE\xFF", "\\x80\\xbf\\xfe\\xff");
  expect_escaped("\xC0\x80", "\\xc0\\x80");
  expect_escaped("\xE0\x80\x80", "\\xe0\\x80\\x80");
  expect_escaped("\xF0\x80\x80\x80", "\\xf0\\x80\\x80\\x80");
  expect_escaped("\xED\xA0\x80", "\\xed\\xa0\\x80");
  expect_escaped("\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

TEST(Escape, GoesOnBehindACharacterThatWasCutOff) {
  expect_escaped(
      "\xE2\x82"
      "A",
      "\\xe2\\x82A");
  expect_escaped("\xE2\x82\xC3\xA4", "\\xe2\\x82\xC3\xA4");
  expect_escaped("x\xF0\x9F\x94", "x\\xf0\\x9f\\x94");
  expect_escaped("12345678\xC3", "12345678\\xc3");
}

/// The definition, byte for byte, of Unicode's table 3-7.
std::size_t reference_character(std::string_view text) {
  struct row {
    unsigned lead_first, lead_last, second_first, second_last;
    std::size_t size;
  };
  constexpr row table[] = {
      {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
      {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
      {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
  const auto within = [&](std::size_t i, unsigned first, unsigned last) {
    return i < text.size() && static_cast<unsigned char>(text[i]) >= first &&
           static_cast<unsigned char>(text[i]) <= last;
  };
  for (const row& each : table) {
    if (!within(0, each.lead_first, each.lead_last)) continue;
    const bool second = each.size < 2 || within(1, each.second_first, each.second_last);
    const bool third = each.size < 3 || within(2, 0x80, 0xBF);
    const bool fourth = each.size < 4 || within(3, 0x80, 0xBF);
    return second && third && fourth ? each.size : 0;
  }
  return 0;
}

TEST(Escape, AgreesWithTheTableOfUnicodeOnAllThreeBytes) {
  char text[4] = {0, 0, 0, '!'};
  for (unsigned value = 0; value < 1U << 24; value += 3) {  // a third of them takes 0.2 s
    for (unsigned i = 0; i < 3; ++i) text[i] = static_cast<char>(value >> (16 - 8 * i));
    const std::string_view whole(text, 4);
    bool good = true;
    for (std::size_t at = 0; good && at < 4;) {
      const std::size_t size = reference_character(whole.substr(at));
      good = size > 0;
      at += size;
    }
    ASSERT_EQ(is_utf8(whole), good) << std::hex << value;
  }
}

TEST(JsonEscape, EscapesWhatJsonForbidsInAString) {
  EXPECT_EQ(json("say \"x\\y\"\n\r\t"), R"(say \"x\\y\"\n\r\t)");
  EXPECT_EQ(json(std::string_view("\0\x1B\x7F", 3)), "\\u0000\\u001b\x7F");
  EXPECT_EQ(json("\u00E4\u2028/"), "\u00E4\u2028/");
}

}  // namespace
}  // namespace logagg
