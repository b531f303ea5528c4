#include "logagg/match.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "logagg/escape.hpp"
#include "logagg/text_search.hpp"

namespace logagg {
namespace {

using lines = std::vector<std::string>;

filter_options word(std::string level) { return {std::move(level), std::nullopt}; }
filter_options pattern(std::string regex) { return {std::nullopt, std::move(regex)}; }
filter_options both(std::string level, std::string regex) {
  return {std::move(level), std::move(regex)};
}

/// What is found in a block that begins with line 1: "number:text" for each.
lines found(const filter_options& options, std::string_view block) {
  lines result;
  line_filter(options).find_matches(block, 1, [&](const matching_line& line) {
    result.push_back(std::to_string(line.number) + ":" + std::string(line.text));
  });
  return result;
}

bool matches(const filter_options& options, std::string_view line) {
  const bool alone = line_filter(options).matches(line);
  EXPECT_EQ(!found(options, line).empty(), alone) << line;
  return alone;
}

std::string complaint(const filter_options& options) {
  try {
    line_filter{options};
    return "none";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(LineFilter, WantsTheWordErrorUnlessToldOtherwise) {
  EXPECT_EQ(found({}, "a\nb ERROR c\nd\nERROR\n"), (lines{"2:b ERROR c", "4:ERROR"}));
}

TEST(LineFilter, FindsTheWordOnlyAsAWord) {
  for (const char* line :
       {"ERROR", "[ERROR] x", "x ERROR: y", "x=ERROR,y", "java.ERROR-7", "ERRORS and ERROR",
        "\xC3\x84"
        "ERROR"}) {
    EXPECT_TRUE(matches({}, line)) << line;
  }
  for (const char* line :
       {"", "ERRO", "error", "TERRORS", "ERRORS", "ERROR_CODE", "NO_ERROR", "ERROR5", "ERR\nOR"}) {
    EXPECT_FALSE(matches({}, line)) << line;
  }
}

TEST(LineFilter, LooksAtABorderOnlyWhereTheWordHasOne) {
  EXPECT_TRUE(matches(word("[error]"), "12:00[error]x"));
  EXPECT_TRUE(matches(word("E:"), "E:x"));
  EXPECT_FALSE(matches(word("E:"), "TREE:x"));
}

TEST(LineFilter, StripsCrlfAndKeepsALoneReturn) {
  EXPECT_EQ(found({}, "a\r\nERROR 1\r\n10%\r20% ERROR\n"),
            (lines{"2:ERROR 1", "3:10%\r20% ERROR"}));
}

TEST(LineFilter, FindsALastLineWithoutItsEnd) {
  EXPECT_EQ(found({}, "a\nb ERROR"), (lines{"2:b ERROR"}));
  EXPECT_EQ(found(pattern("b"), "a\nb"), (lines{"2:b"}));
}

TEST(LineFilter, GivesALineWithTwoHitsOnce) {
  EXPECT_EQ(found({}, "ERROR ERROR\nx\n"), (lines{"1:ERROR ERROR"}));
  EXPECT_EQ(found(pattern("o"), "foo boo\nx\n"), (lines{"1:foo boo"}));
}

TEST(LineFilter, CountsOnOverBlocks) {
  const line_filter filter({});
  lines numbers;
  const auto note = [&](const matching_line& line) {
    numbers.push_back(std::to_string(line.number));
  };
  std::uint64_t next = filter.find_matches("a\nERROR\nb\n", 1, note);
  EXPECT_EQ(next, 4U);
  next = filter.find_matches("ERROR piece ", next, note);
  EXPECT_EQ(next, 4U) << "the line goes on in the next block";
  next = filter.find_matches("goes on\nERROR\n", next, note);
  EXPECT_EQ(next, 6U);
  EXPECT_EQ(filter.find_matches("", next, note), 6U);
  EXPECT_EQ(numbers, (lines{"2", "4", "5"}));
}

TEST(LineFilter, CountsNoLinesIfNobodyAsks) {
  std::string seen;
  const auto note = [&](const matching_line& line) {
    seen += std::to_string(line.number) + std::string(line.text);
  };
  const std::string_view block = "a\nERROR\nb\nERROR b";
  EXPECT_EQ(line_filter({}).find_matches(block, 1, note, line_numbers::left_out), 0U);
  EXPECT_EQ(seen, "0ERROR0ERROR b");
}

TEST(LineFilter, SearchesTheExpressionWithinOneLine) {
  EXPECT_EQ(found(pattern("time.*ms"), "time\n5 ms\ntimeout 5 ms\n"), (lines{"3:timeout 5 ms"}));
  EXPECT_EQ(found(pattern("a\\sb"), "a\nb\na b\n"), (lines{"3:a b"}));
  EXPECT_EQ(found(pattern("a[^x]b"), "a\nb\na-b\n"), (lines{"3:a-b"}));
  EXPECT_EQ(found(pattern("(?s)a.b"), "a\nb\na-b\n"), (lines{"3:a-b"}));
  EXPECT_EQ(found(pattern("a\\nb"), "a\nb\n"), lines{});
}

TEST(LineFilter, AnchorsTheExpressionAtTheLine) {
  EXPECT_EQ(found(pattern("^b"), "ab\nb\nab\nb2\n"), (lines{"2:b", "4:b2"}));
  EXPECT_EQ(found(pattern("b$"), "ba\r\nab\r\nb\n"), (lines{"2:ab", "3:b"}));
  EXPECT_EQ(found(pattern("\\Ab\\z"), "ab\nb\r\n"), (lines{"2:b"}));
  EXPECT_EQ(found(pattern("^$"), "a\n\nb\n\r\n"), (lines{"2:", "4:"}));
  EXPECT_EQ(found(pattern("b\\s"), "b\r\nb \r\n"), (lines{"2:b "}));
  EXPECT_EQ(found(pattern(""), "a\nb\n"), (lines{"1:a", "2:b"}));
  EXPECT_EQ(found(pattern("(?-m)^b"), "a\nb\n"), (lines{"2:b"}));
}

TEST(LineFilter, WantsBothIfBothAreGiven) {
  const std::string_view block = "ERROR a\nERROR b\nb\nERRORS b\nb ERROR\n";
  EXPECT_EQ(found(both("ERROR", "b"), block), (lines{"2:ERROR b", "5:b ERROR"}));
}

TEST(LineFilter, LooksThroughBytesThatAreNotUtf8) {
  EXPECT_EQ(found(pattern("ERROR.*failed"), "a\nERROR caf\xE9 failed\n"),
            (lines{"2:ERROR caf\xE9 failed"}));
  EXPECT_EQ(found(pattern("^b"), "\xE9\nb\n"), (lines{"2:b"}));
  EXPECT_TRUE(matches(pattern("x.y"), "x\xC3\xA9y")) << "a character counts as one";
}

TEST(LineFilter, SaysWhatIsWrongWithAnExpressionOrAWord) {
  EXPECT_EQ(complaint(pattern("(x")), "--match: not a regular expression: missing ): (x");
  EXPECT_NE(complaint(word("")), "none");
  EXPECT_NE(complaint(word("a\nb")), "none");
  EXPECT_EQ(complaint(word("FATAL")), "none");
}

/// Line by line, as the promises have it.
lines expected(const filter_options& options, std::string_view block) {
  const line_filter filter(options);
  lines result;
  std::size_t number = 0;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find('\n'), block.size());
    std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + 1, block.size()));
    if (end < line.size() + block.size() && line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (filter.matches(line)) {
      result.push_back(std::to_string(number) + ":" + std::string(line));
    }
  }
  return result;
}

TEST(LineFilter, FindsInABlockWhatItFindsInEachLine) {
  constexpr std::string_view pieces[] = {"ERROR", "E", "R",    "\n",      "\r\n",
                                         " ",     "x", "\xE9", "\xC3\xA4"};
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string block;
    const std::size_t variety = random() % 2 == 0 ? std::size(pieces) : 7;
    for (auto n = random() % 60; n > 0; --n) block += pieces[random() % variety];
    block += '\n';
    for (const filter_options& options :
         {filter_options{}, pattern("R.x|^E"), pattern("E$"), both("ERROR", "x.E")}) {
      ASSERT_EQ(found(options, block), expected(options, block)) << block;
    }
  }
}

struct text_search {
  const char* name;
  std::size_t (*find)(std::string_view text, std::string_view literal, std::size_t from) noexcept;
  std::uint64_t (*count)(std::string_view text) noexcept;
};

class TextSearch : public ::testing::TestWithParam<text_search> {};

TEST_P(TextSearch, FindsALiteralWhereverItIs) {
  const auto find = GetParam().find;
  for (const std::string& literal :
       std::vector<std::string>{"E", "ER", "ERROR", std::string(100, 'E')}) {
    for (std::size_t before = 0; before < 200; ++before) {
      const std::string text = std::string(before, 'x') + literal + "E";
      EXPECT_EQ(find(text, literal, 0), before);
      EXPECT_EQ(find(std::string_view(text).substr(0, before), literal, 0), std::string_view::npos);
    }
  }
  EXPECT_EQ(find("ERROR", "ERROR", 1), std::string_view::npos);
  EXPECT_EQ(find("", "E", 0), std::string_view::npos);
  EXPECT_EQ(find("x", "E", 5), std::string_view::npos);
}

TEST_P(TextSearch, AgreesWithTheStandardLibrary) {
  std::mt19937 random(4);
  for (int i = 0; i < 3000; ++i) {
    std::string text(random() % 600, 'x');
    for (char& byte : text) byte = "ERO\nx"[random() % 5];
    const std::size_t from = random() % 300;
    const std::string literal = std::string("ERROR").substr(random() % 4);
    EXPECT_EQ(GetParam().find(text, literal, from), text.find(literal, from));
    EXPECT_EQ(GetParam().count(text),
              static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')));
  }
}

TEST_P(TextSearch, CountsMoreLineFeedsThanAByteHolds) {
  EXPECT_EQ(GetParam().count(std::string(100'001, '\n')), 100'001U);
}

constexpr text_search searches[] = {
    {"Chosen", find_literal, count_line_feeds},
    {"Portable", portable::find_literal, portable::count_line_feeds},
};
INSTANTIATE_TEST_SUITE_P(Loops, TextSearch, ::testing::ValuesIn(searches),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace logagg
