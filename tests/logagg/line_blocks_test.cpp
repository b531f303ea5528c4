#include "logagg/line_blocks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace logagg {
namespace {

using blocks_seen = std::vector<std::string>;

/// Fills what space() gives with at most `read_bytes` at a time and collects what comes out.
blocks_seen cut(std::string_view text, std::size_t read_bytes) {
  line_blocks blocks;
  blocks_seen seen;
  const auto note = [&](std::string_view block) {
    if (!block.empty()) seen.emplace_back(block);
  };
  while (!text.empty()) {
    const std::span<char> space = blocks.space();
    EXPECT_GE(space.size(), line_blocks::read_bytes);
    const std::string_view next = text.substr(0, std::min(read_bytes, space.size()));
    std::copy(next.begin(), next.end(), space.begin());
    blocks.commit(next.size());
    text.remove_prefix(next.size());
    note(blocks.whole_lines());
  }
  note(blocks.rest());
  return seen;
}

std::string joined(const blocks_seen& blocks) {
  std::string all;
  for (const std::string& block : blocks) all += block;
  return all;
}

TEST(LineBlocks, KeepTheUnfinishedLineForTheNextBlock) {
  EXPECT_EQ(cut("one\ntwo\nthree\n", 6), (blocks_seen{"one\n", "two\n", "three\n"}));
  EXPECT_EQ(cut("one\ntwo\nthree", 8), (blocks_seen{"one\ntwo\n", "three"}));
  EXPECT_EQ(cut("one\n\n", 100), (blocks_seen{"one\n\n"}));
  EXPECT_EQ(cut("", 5), blocks_seen{});
}

TEST(LineBlocks, LoseNothingWhateverTheReads) {
  std::mt19937 random(6);
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::string(random() % 200, 'x') + "\n";
  for (const std::size_t read_bytes : {std::size_t{4099}, std::size_t{1} << 20}) {
    const blocks_seen blocks = cut(text, read_bytes);
    EXPECT_EQ(joined(blocks), text);
    for (const std::string& block : blocks) EXPECT_EQ(block.back(), '\n');
  }
}

TEST(LineBlocks, CutALineThatIsTooLongBehindABlank) {
  std::string text = "line one\n";  // so that no read happens to end behind a blank
  while (text.size() < 5 * line_blocks::line_bytes_max) text += "words and ERROR ";
  const blocks_seen blocks = cut(text + "\nlast\n", line_blocks::read_bytes);
  EXPECT_EQ(joined(blocks), text + "\nlast\n");
  ASSERT_EQ(blocks.size(), 6U) << "the first line, four pieces, the rest with the last line";
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(blocks[i].back(), ' ');
    EXPECT_LT(blocks[i].size(), line_blocks::line_bytes_max + line_blocks::read_bytes);
  }
}

TEST(LineBlocks, CutALineWithoutBlanksAnywhere) {
  const std::string text(3 * line_blocks::line_bytes_max + 5, 'x');
  const blocks_seen blocks = cut(text, line_blocks::read_bytes);
  EXPECT_EQ(joined(blocks), text);
  for (const std::string& block : blocks) {
    EXPECT_LT(block.size(), line_blocks::line_bytes_max + line_blocks::read_bytes);
  }
}

TEST(LineBlocks, StartAnewWhenTheyAreCleared) {
  spare_blocks spare;
  line_blocks first = spare.take();
  std::ranges::fill(first.space().first(10), 'x');
  first.commit(10);
  const char* const memory = first.space().data() - 10;
  spare.give_back(std::move(first));
  line_blocks second = spare.take();
  EXPECT_EQ(second.space().data(), memory) << "the memory is used again";
  EXPECT_EQ(second.rest(), "") << "and nothing that was in it";
  spare.give_back(std::move(second));
}

TEST(LineBlocks, AreNoSpareOnesAfterALongLine) {
  spare_blocks spare;
  line_blocks blocks = spare.take();
  EXPECT_FALSE(blocks.has_grown());
  for (int i = 0; i < 3; ++i) {
    const auto space = blocks.space();
    std::ranges::fill(space, 'x');
    blocks.commit(space.size());
    EXPECT_EQ(blocks.whole_lines(), "");
  }
  EXPECT_TRUE(blocks.has_grown());
  spare.give_back(std::move(blocks));
  EXPECT_FALSE(spare.take().has_grown());
}

}  // namespace
}  // namespace logagg
