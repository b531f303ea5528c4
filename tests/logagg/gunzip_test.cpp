#include "logagg/gunzip.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "gzip_data.hpp"

namespace logagg {
namespace {

using testing::gzipped;

/// All that comes out, and how it ended: "plain" or "plain|what is wrong".
std::string unzipped(std::string_view compressed, std::size_t feed_bytes = 1 << 16,
                     std::size_t room_bytes = 1 << 16) {
  gunzip unzip;
  std::string plain;
  const auto room = std::make_unique<char[]>(room_bytes);
  std::unique_ptr<char[]> fed;  // an exact copy, which is gone when it must no longer be read
  for (;;) {
    const std::size_t size = unzip.produce({room.get(), room_bytes});
    plain.append(room.get(), size);
    if (size > 0) continue;
    if (unzip.state() != gunzip::status::wants_input) break;
    const std::string_view next = compressed.substr(0, feed_bytes);
    compressed.remove_prefix(next.size());
    fed = std::make_unique<char[]>(next.size());
    std::copy(next.begin(), next.end(), fed.get());
    next.empty() ? unzip.finish() : unzip.feed({fed.get(), next.size()});
  }
  return unzip.error().empty() ? plain : plain + "|" + unzip.error();
}

const std::string log_text = [] {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "2026-11-22 INFO request " + std::to_string(i * i) + "\n";
  return text;
}();

const std::string cut_off = "|the compressed data are cut off";
const std::string damaged = "|the compressed data are damaged";
const std::string something_else = "|there is something else behind the compressed data";

TEST(Gunzip, GivesBackWhatWasCompressed) {
  EXPECT_EQ(unzipped(gzipped(log_text)), log_text);
  EXPECT_EQ(unzipped(gzipped("")), "");
  EXPECT_EQ(unzipped(gzipped(log_text, 0)), log_text);
}

TEST(Gunzip, TakesInputInPiecesOfAnySize) {
  for (const std::size_t feed_bytes : std::vector<std::size_t>{1, 2, 7, 1000}) {
    EXPECT_EQ(unzipped(gzipped(log_text), feed_bytes), log_text);
  }
}

TEST(Gunzip, GivesOutputInPiecesOfAnySize) {
  for (const std::size_t room_bytes : std::vector<std::size_t>{1, 13, 4096}) {
    EXPECT_EQ(unzipped(gzipped(log_text), 1 << 16, room_bytes), log_text);
  }
}

TEST(Gunzip, FillsNoMoreThanTheRoomHoweverWellItWasCompressed) {
  const std::string compressed = gzipped(std::string(10'000'000, 'x'));
  ASSERT_LT(compressed.size(), 20'000U);
  gunzip unzip;
  unzip.feed(compressed);
  std::string room(1000, '\0');
  EXPECT_EQ(unzip.produce({room.data(), 999}), 999U);
  EXPECT_EQ(room.back(), '\0');
  EXPECT_EQ(unzip.state(), gunzip::status::has_output);
}

TEST(Gunzip, JoinsMembersThatFollowOneAnother) {
  const std::string compressed = gzipped("one ") + gzipped("") + gzipped("two");
  for (const std::size_t feed_bytes : std::vector<std::size_t>{1, 5, 1000}) {
    EXPECT_EQ(unzipped(compressed, feed_bytes), "one two");
  }
}

TEST(Gunzip, SkipsZerosBehindTheLastMember) {
  EXPECT_EQ(unzipped(gzipped("x") + std::string(1000, '\0')), "x");
  EXPECT_EQ(unzipped(gzipped("x") + std::string(10, '\0') + gzipped("y")), "x" + something_else);
}

TEST(Gunzip, DeliversWhatComesBeforeSomethingElse) {
  EXPECT_EQ(unzipped(gzipped("x") + "garbage"), "x" + something_else);
}

TEST(Gunzip, DeliversWhatComesBeforeTheCut) {
  const std::string compressed = gzipped(log_text);
  EXPECT_EQ(unzipped(compressed.substr(0, compressed.size() - 1)), log_text + cut_off);
  EXPECT_EQ(unzipped(compressed.substr(0, 5)), cut_off);
  EXPECT_EQ(unzipped(""), cut_off);
  EXPECT_EQ(unzipped(gzipped("x") + gzipped("y").substr(0, 1)), "x" + cut_off);
  const std::string half = unzipped(compressed.substr(0, compressed.size() / 2));
  ASSERT_GT(half.size(), log_text.size() / 3);
  EXPECT_TRUE(half.ends_with(cut_off));
  EXPECT_TRUE(log_text.starts_with(half.substr(0, half.rfind('|'))));
}

TEST(Gunzip, DeliversWhatComesBeforeTheDamage) {
  std::string wrong_checksum = gzipped(log_text);
  wrong_checksum[wrong_checksum.size() - 6] ^= 1;
  EXPECT_EQ(unzipped(wrong_checksum), log_text + damaged);
  std::string wrong_middle = gzipped(log_text);
  for (std::size_t i = 0; i < 8; ++i) wrong_middle[wrong_middle.size() / 2 + i] = '\xFF';
  const std::string half = unzipped(wrong_middle);
  EXPECT_TRUE(half.ends_with(damaged));
  EXPECT_GT(half.size(), log_text.size() / 3);
}

TEST(Gunzip, FailsAtOnceOnWhatIsNotGzip) {
  EXPECT_EQ(unzipped("2026-11-22 ERROR plain text"), damaged);
}

TEST(Gunzip, IsKnownByItsFirstTwoBytes) {
  EXPECT_TRUE(gunzip::is_gzip(gzipped("x")));
  EXPECT_FALSE(gunzip::is_gzip("\x1f"));
  EXPECT_FALSE(gunzip::is_gzip("\x1f\x9d"));  // compress(1)
  EXPECT_FALSE(gunzip::is_gzip(""));
}

TEST(Gunzip, MayBeMovedInTheMiddle) {
  const std::string compressed = gzipped(log_text);
  gunzip first;
  first.feed(compressed);
  std::string room(1000, '\0');
  first.produce(room);
  gunzip second = std::move(first);
  EXPECT_EQ(second.produce(room), 1000U);
  EXPECT_EQ(room, log_text.substr(1000, 1000));
}

TEST(Gunzip, SurvivesAnyDamage) {
  std::mt19937 random(5);
  const std::string whole = gzipped(log_text.substr(0, 3000)) + gzipped(log_text.substr(0, 500));
  unsigned failed = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string compressed = whole;
    for (auto changes = random() % 4; changes > 0; --changes) {
      compressed[random() % compressed.size()] = static_cast<char>(random());
    }
    compressed.resize(random() % 4 == 0 ? random() % compressed.size() : compressed.size());
    const std::string plain = unzipped(compressed, 1 + random() % 300, 1 + random() % 3000);
    failed += plain.find('|') == std::string::npos ? 0 : 1;
  }
  EXPECT_GT(failed, 1000U);
  EXPECT_LT(failed, 3900U);
}

}  // namespace
}  // namespace logagg
