// Reading at the position: what comes, how much of it, and where the file ends.
#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class reading : public suite {};
CONTRACT_FOR_ALL(reading);

std::span<std::byte> bytes_of(std::string& text) {
  return std::as_writable_bytes(std::span(text.data(), text.size()));
}

TEST_P(reading, ReadsTheWholeFile) {
  put("a", pattern(300'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_BYTES(co_await f.read(), pattern(300'000));
    EXPECT_EQ(co_await f.read(), "");
    EXPECT_EQ(co_await f.tell(), 300'000U);
  });
}

TEST_P(reading, AnEmptyFileIsAtItsEndAtOnce) {
  put("empty", "");
  run([&]() -> task<> {
    file f = co_await open("empty", "r");
    EXPECT_EQ(co_await f.read(), "");
    EXPECT_EQ(co_await f.readline(), std::nullopt);
    EXPECT_FALSE(co_await f.next_lines());
    EXPECT_TRUE((co_await f.readlines()).empty());
    EXPECT_EQ(co_await f.read_some(10), "");
  });
}

TEST_P(reading, ALimitIsReachedUnlessTheFileEnds) {
  put("a", pattern(200'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    std::string all_of_it;
    for (const std::size_t limit : {1U, 7U, 4096U, 65'535U, 65'537U, 1'000'000U}) {
      const std::string part = co_await f.read(limit);
      EXPECT_EQ(part.size(), std::min<std::size_t>(limit, 200'000 - all_of_it.size()));
      all_of_it += part;
    }
    EXPECT_BYTES(all_of_it, pattern(200'000));
  });
}

TEST_P(reading, ALimitOfZeroTakesNothing) {
  put("a", "text\n");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.read(0), "");
    EXPECT_EQ(co_await f.readline(0), "");
    EXPECT_EQ(co_await f.read_some(0), "");
    EXPECT_EQ(co_await f.tell(), 0U);
    EXPECT_EQ(co_await f.read(), "text\n");
  });
}

TEST_P(reading, ReadSomeGivesWhatIsThere) {
  put("a", pattern(150'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    std::string all_of_it;
    for (;;) {
      const std::string part = co_await f.read_some(10'000);
      if (part.empty()) break;
      EXPECT_LE(part.size(), 10'000U);
      all_of_it += part;
    }
    EXPECT_BYTES(all_of_it, pattern(150'000));
  });
}

TEST_P(reading, LinesComeWithTheirTerminators) {
  put("a", "one\n\nthree\nlast");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.readline(), "one\n");
    EXPECT_EQ(co_await f.readline(), "\n");
    EXPECT_EQ(co_await f.readline(), "three\n");
    EXPECT_EQ(co_await f.readline(), "last");
    EXPECT_EQ(co_await f.readline(), std::nullopt);
  });
}

TEST_P(reading, ALineIsCutAtItsLimit) {
  put("a", "abcdef\nx\n");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_EQ(co_await f.readline(4), "abcd");
    EXPECT_EQ(co_await f.readline(2), "ef");
    EXPECT_EQ(co_await f.readline(5), "\n");
    EXPECT_EQ(co_await f.readline(2), "x\n");
    EXPECT_EQ(co_await f.readline(2), std::nullopt);
  });
}

TEST_P(reading, ABinaryLineEndsAtALineFeedOnly) {
  put("a", "a\rb\r\nc");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_EQ(co_await f.readline(), "a\rb\r\n");
    EXPECT_EQ(co_await f.readline(), "c");
  });
}

std::vector<std::string> numbered_lines(std::size_t count) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i) {
    lines.push_back("line " + std::to_string(i) + std::string(i % 97, '.') + "\n");
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

TEST_P(reading, EveryWayThroughTheLinesGivesTheSame) {
  const auto expected = numbered_lines(5000);
  put("a", joined(expected));
  run([&]() -> task<> {
    file one = co_await open("a", "r");
    std::vector<std::string> singly;
    while (auto line = co_await one.readline()) singly.push_back(*line);
    EXPECT_EQ(singly, expected);

    file two = co_await open("a", "r");
    std::vector<std::string> batched;
    while (auto batch = co_await two.next_lines())
      for (const std::string_view line : *batch) batched.push_back(std::string(line) + "\n");
    EXPECT_EQ(batched, expected);

    file three = co_await open("a", "r");
    EXPECT_EQ(co_await three.readlines(), expected);
  });
}

TEST_P(reading, AHintEndsReadlinesAfterTheLineThatReachesIt) {
  put("a", "12\n45\n78\n");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ((co_await f.readlines(4)).size(), 2U);
    EXPECT_EQ((co_await f.readlines(1)).size(), 1U);
    EXPECT_EQ((co_await f.readlines(1)).size(), 0U);
    co_await f.seek(0);
    EXPECT_EQ((co_await f.readlines(2)).size(), 1U);
    EXPECT_EQ((co_await f.readlines(0)).size(), 2U) << "a hint of zero means none, as in Python";
  });
}

TEST_P(reading, ABatchOutlivesItsFile) {
  const auto expected = numbered_lines(5000);
  put("a", joined(expected));
  run([&]() -> task<> {
    std::vector<lines> batches;
    {
      file f = co_await open("a", "r");
      while (auto batch = co_await f.next_lines()) batches.push_back(*batch);
      co_await f.close();
    }
    std::vector<std::string> seen;
    for (const auto& batch : batches)
      for (const std::string_view line : batch) seen.push_back(std::string(line) + "\n");
    EXPECT_EQ(seen, expected);
  });
}

TEST_P(reading, ReadintoFillsAsFarAsTheFileReaches) {
  put("a", pattern(100'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    std::string into(70'000, '?');
    EXPECT_EQ(co_await f.readinto(bytes_of(into)), 70'000U);
    EXPECT_BYTES(into, pattern(70'000));
    EXPECT_EQ(co_await f.readinto(bytes_of(into)), 30'000U);
    EXPECT_BYTES(into.substr(0, 30'000), pattern(30'000, 70'000));
    EXPECT_BYTES(into.substr(30'000), pattern(70'000).substr(30'000)) << "what lies behind stays";
    EXPECT_EQ(co_await f.readinto(bytes_of(into)), 0U);
    EXPECT_EQ(co_await f.readinto({}), 0U);
  });
}

TEST_P(reading, ReadintoNeedsABinaryFile) {
  put("a", "text");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    std::string into(4, '?');
    co_await expect_error(f.readinto(bytes_of(into)), EINVAL, "readinto", path("a"));
    EXPECT_EQ(into, "????");
    EXPECT_EQ(co_await f.read(), "text");
  });
}

TEST_P(reading, AFileThatGrowsIsReadOn) {
  put("a", "one\n");
  run([&]() -> task<> {
    file reader = co_await open("a", "r");
    file writer = co_await open("a", "a");
    EXPECT_EQ(co_await reader.readline(), "one\n");
    EXPECT_EQ(co_await reader.readline(), std::nullopt);
    co_await writer.write("two\nthr");
    co_await writer.flush();
    EXPECT_EQ(co_await reader.readline(), "two\n");
    EXPECT_EQ(co_await reader.readline(), "thr");
    co_await writer.write("ee\n");
    co_await writer.flush();
    EXPECT_EQ(co_await reader.readline(), "ee\n");
  });
}

TEST_P(reading, AFileThatIsTruncatedMeanwhileEndsThere) {
  put("a", pattern(1'000'000));
  run([&]() -> task<> {
    file reader = co_await open("a", "rb");
    file writer = co_await open("a", "r+b");
    EXPECT_BYTES(co_await reader.read(100), pattern(100));
    co_await writer.truncate(500'000);
    const std::string rest = co_await reader.read();
    EXPECT_LE(rest.size(), 999'900U);
    EXPECT_GE(rest.size(), 499'900U);
    EXPECT_TRUE(pattern(1'000'000).substr(100).starts_with(rest));
    EXPECT_EQ(co_await reader.read(), "");
  });
}

TEST_P(reading, MixedWaysOfReadingShareOnePosition) {
  put("a", "one\ntwo\nthree\nfour\nfive\n");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_EQ(co_await f.read(2), "on");
    EXPECT_EQ(co_await f.readline(), "e\n");
    std::string into(2, '?');
    EXPECT_EQ(co_await f.readinto(bytes_of(into)), 2U);
    EXPECT_EQ(into, "tw");
    EXPECT_EQ(co_await f.read_some(2), "o\n");
    EXPECT_EQ(co_await f.tell(), 8U);
    EXPECT_EQ((co_await f.readlines(1)).at(0), "three\n");
    const auto batch = co_await f.next_lines();
    EXPECT_EQ(batch->text(), "four\nfive\n");
  });
}

TEST_P(reading, ATinyBufferReadsTheSame) {
  const auto expected = numbered_lines(300);
  put("a", joined(expected));
  run([&]() -> task<> {
    file f = co_await open("a", "r", {.buffer_bytes = 1});
    EXPECT_EQ(co_await f.readlines(), expected);
  });
}

}  // namespace
}  // namespace ringfiles::contract
