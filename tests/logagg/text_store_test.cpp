#include "logagg/text_store.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace logagg {
namespace {

TEST(TextStore, KeepsEachTextWhereItIs) {
  text_store texts;
  std::vector<std::string> given;
  std::vector<std::string_view> kept;
  for (std::size_t i = 0; i < 2000; ++i) {
    given.emplace_back(i % 40 == 0 ? i * 100 : i % 300, static_cast<char>('a' + i % 26));
    kept.push_back(texts.keep(given.back()));
    if (i % 500 == 0) texts = text_store(std::move(texts));
  }
  for (std::size_t i = 0; i < given.size(); ++i) EXPECT_EQ(kept[i], given[i]) << i;
}

TEST(TextStore, GivesShortTextsNeighbouringPlaces) {
  text_store texts;
  const std::string_view first = texts.keep("first");
  const std::string_view long_one = texts.keep(std::string(1 << 20, 'x'));
  const std::string_view second = texts.keep("second");
  EXPECT_EQ(first.data() + first.size(), second.data());
  EXPECT_EQ(long_one.size(), std::size_t{1} << 20);
}

TEST(TextStore, KeepsNothingOfAnEmptyText) { EXPECT_EQ(text_store().keep(""), ""); }

}  // namespace
}  // namespace logagg
