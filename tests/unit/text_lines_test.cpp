#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <ranges>

#include "ringfiles/lines.hpp"
#include "text/byte_block.hpp"
#include "text/line_index.hpp"
#include "text/newlines.hpp"
#include "text_vectors.hpp"

namespace ringfiles {
namespace {

using testing::exact_copy;
using testing::for_each_string;

static_assert(std::forward_iterator<lines::iterator>);
static_assert(std::sentinel_for<std::default_sentinel_t, lines::iterator>);
static_assert(std::ranges::forward_range<lines>);
static_assert(std::same_as<std::iter_value_t<lines::iterator>, std::string_view>);

constexpr newline modes[] = {newline::universal, newline::untranslated, newline::lf, newline::cr,
                             newline::crlf};

using contents = std::vector<std::string_view>;

contents split(const lines& batch) {
  contents result;
  for (const std::string_view line : batch) result.push_back(line);
  return result;
}

contents split(std::string_view text, newline mode) { return split(lines(nullptr, text, mode)); }

/// The same by one search per line.
contents split_one_by_one(std::string_view text, newline mode) {
  contents result;
  while (!text.empty()) {
    const auto end = text::find_line_end(text, mode, 0, true);
    result.push_back(text.substr(0, end ? end->content : text.size()));
    text.remove_prefix(end ? end->total : text.size());
  }
  return result;
}

/// Lines of up to `longest` bytes, ended by what `mode` takes for an end (and by what it does not).
std::string random_text(std::mt19937& random, std::size_t lines, std::size_t longest) {
  const auto terminators = std::array<std::string_view, 4>{"\n", "\r\n", "\r", ""};
  const std::size_t favourite = random() % 4;
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    text.append(random() % (longest + 1), 'x');
    text += terminators[random() % 8 == 0 ? random() % 4 : favourite];
  }
  return text;
}

TEST(Lines, AreSplitInTheFiveModes) {
  const std::string_view text = "a\rb\r\nc\nd";
  EXPECT_EQ(split(text, newline::universal), (contents{"a", "b", "c", "d"}));
  EXPECT_EQ(split(text, newline::untranslated), (contents{"a", "b", "c", "d"}));
  EXPECT_EQ(split(text, newline::lf), (contents{"a\rb\r", "c", "d"}));
  EXPECT_EQ(split(text, newline::cr), (contents{"a", "b", "\nc\nd"}));
  EXPECT_EQ(split(text, newline::crlf), (contents{"a\rb", "c\nd"}));
}

TEST(Lines, MayBeEmptyOrNone) {
  EXPECT_EQ(split("", newline::universal), contents{});
  EXPECT_EQ(split("\n", newline::universal), contents{""});
  EXPECT_EQ(split("\n\n", newline::lf), (contents{"", ""}));
  EXPECT_EQ(split("\r\n\r\r\n", newline::universal), (contents{"", "", ""}));
  EXPECT_TRUE(lines().empty());
  EXPECT_EQ(lines().count(), 0u);
  EXPECT_TRUE(lines().begin() == lines().end());
  EXPECT_FALSE(lines(nullptr, "\n", newline::lf).empty());
}

TEST(Lines, NeedNoTerminatorAtTheEnd) {
  EXPECT_EQ(split("a\nb", newline::lf), (contents{"a", "b"}));
  EXPECT_EQ(split("b", newline::crlf), contents{"b"});
  EXPECT_EQ(split("b\r", newline::crlf), contents{"b\r"});
  EXPECT_EQ(split("b\r", newline::universal), contents{"b"});
}

TEST(Lines, KeepTheRawText) {
  const std::string_view text = "a\r\nb";
  EXPECT_EQ(lines(nullptr, text, newline::universal).text(), text);
}

TEST(Lines, KeepTheirMemoryAlive) {
  auto memory = std::make_shared<const std::string>("first\nsecond\n");
  const std::weak_ptr<const std::string> watch = memory;
  lines batch(memory, *memory, newline::lf);
  memory.reset();
  lines copy = batch;
  batch = lines();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(split(copy), (contents{"first", "second"}));
  copy = lines();
  EXPECT_TRUE(watch.expired());
}

TEST(Lines, AgreeWithOneSearchPerLineOnAllShortTexts) {
  for (std::size_t length = 0; length <= 8; ++length) {
    for_each_string({"a", "\r", "\n"}, length, [](const std::string& bytes) {
      const exact_copy text(bytes);
      for (const newline mode : modes) {
        ASSERT_EQ(split(text.view(), mode), split_one_by_one(text.view(), mode));
      }
    });
  }
}

TEST(Lines, AgreeWithOneSearchPerLineOnLongTexts) {
  std::mt19937 random(1);
  for (int turn = 0; turn < 3000; ++turn) {
    const std::size_t longest = std::size_t{1} << random() % 9;
    const exact_copy text(random_text(random, random() % 300, longest - 1));
    for (const newline mode : modes) {
      const contents expected = split_one_by_one(text.view(), mode);
      ASSERT_EQ(split(text.view(), mode), expected) << "turn " << turn;
      ASSERT_EQ(lines(nullptr, text.view(), mode).count(), expected.size());
    }
  }
}

TEST(Lines, CanBeGoneThroughAgainFromAnyPlace) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += std::to_string(i) + "\n";
  const lines batch(nullptr, text, newline::universal);
  auto here = std::ranges::find(batch, "99");
  const auto there = here;
  EXPECT_EQ(std::ranges::distance(here, batch.end()), 101);
  EXPECT_EQ(*here++, "99");
  EXPECT_EQ(*here, "100");
  EXPECT_EQ(*there, "99");
  EXPECT_NE(here, there);
  EXPECT_EQ(*++batch.begin(), "1");
  EXPECT_EQ(batch.begin(), batch.begin());
  EXPECT_EQ(lines::iterator(), lines::iterator());
  EXPECT_TRUE(lines::iterator() == std::default_sentinel);
}

TEST(LineIndex, ContinuesWhereItRanOutOfRoom) {
  std::mt19937 random(2);
  for (int turn = 0; turn < 2000; ++turn) {
    const exact_copy copy(random_text(random, random() % 100, 1 + random() % 4));
    const std::string_view text = copy.view();
    for (const newline mode : modes) {
      std::vector<std::size_t> ends;
      const char* const end = text.data() + text.size();
      std::vector<const char*> room(4 + random() % 5);
      text::line_index index{0, text.data(), false};
      while (index.searched != end) {
        index = text::index_line_ends(text.data(), index.searched, end, mode, index.pairs, room);
        for (std::size_t i = 0; i < index.found; ++i) {
          ends.push_back(static_cast<std::size_t>(room[i] - text.data()));
        }
      }
      std::vector<std::size_t> expected;
      std::size_t at = 0;
      while (const auto line = text::find_line_end(text.substr(at), mode, 0, true)) {
        expected.push_back(at + line->content);
        at += line->total;
      }
      ASSERT_EQ(ends, expected) << "turn " << turn;
    }
  }
}

TEST(ByteBlock, TellsTheSameInBothImplementations) {
  std::mt19937 random(3);
  for (int turn = 0; turn < 20000; ++turn) {
    const char wanted = static_cast<char>(random());
    const char other = static_cast<char>(wanted + 1 - 2 * static_cast<int>(random() % 2));
    std::array<char, text::block_bytes> block;
    std::uint64_t equal = 0;
    std::uint64_t either = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
      block[i] = static_cast<char>(wanted + static_cast<int>(random() % 5) - 2);
      if (random() % 8 == 0) block[i] = static_cast<char>(wanted ^ 0x80);
      equal |= std::uint64_t{block[i] == wanted} << i;
      either |= std::uint64_t{block[i] == wanted || block[i] == other} << i;
    }
    ASSERT_EQ(text::equal_mask(block.data(), wanted), equal);
    ASSERT_EQ(text::either_mask(block.data(), wanted, other), either);
    ASSERT_EQ(text::swar::equal_mask(block.data(), wanted), equal);
    ASSERT_EQ(text::swar::either_mask(block.data(), wanted, other), either);
  }
}

}  // namespace
}  // namespace ringfiles
