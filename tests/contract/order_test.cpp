// The order of calls on one file, barriers, and calls that pass the queue by.
#include <malloc.h>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class order : public suite {};
CONTRACT_FOR_ALL(order);

TEST_P(order, TwoHundredGatheredReadsComeInTheOrderOfTheirCalls) {
  put("a", pattern(200 * 4000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    std::vector<task<std::string>> reads;
    const auto read = [&f]() -> task<std::string> { co_return co_await f.read(4000); };
    for (int i = 0; i < 200; ++i) reads.push_back(read());
    const auto parts = co_await gather(std::move(reads));
    for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_BYTES(parts[i], pattern(4000, i * 4000));
  });
}

TEST_P(order, TwoHundredGatheredLinesComeInTheOrderOfTheirCalls) {
  std::string content;
  for (int i = 0; i < 200; ++i) content += std::to_string(i) + std::string(2000, '-') + "\n";
  put("a", content);
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    std::vector<begun<std::optional<std::string>>> lines;
    for (int i = 0; i < 200; ++i) lines.push_back(begin(f.readline()));
    EXPECT_EQ(co_await f.readline(), std::nullopt);
    for (int i = 0; i < 200; ++i)
      EXPECT_TRUE(lines[static_cast<std::size_t>(i)].take()->starts_with(std::to_string(i) + "-"));
  });
}

TEST_P(order, TwoHundredGatheredWritesLandInTheOrderOfTheirCalls) {
  std::string expected;
  std::vector<begun<std::size_t>> writes;
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    for (std::size_t i = 0; i < 200; ++i) {
      const std::string part = pattern(i * 701 % 90'000, expected.size());
      expected += part;
      writes.push_back(begin(f.write(part)));
    }
    co_await f.close();
  });
  EXPECT_BYTES(get("a"), expected);
  for (auto& write : writes) EXPECT_TRUE(write.done());
}

TEST_P(order, ReadsWritesAndSeeksKeepTheirOrder) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    auto first = begin(f.read(2));
    auto write = begin(f.write("XY"));
    auto second = begin(f.read(2));
    auto back = begin(f.seek(1));
    auto third = begin(f.read(4));
    auto where = begin(f.tell());
    auto cut = begin(f.truncate());
    auto rest = begin(f.read());
    co_await f.flush();
    EXPECT_EQ(first.take(), "01");
    EXPECT_EQ(write.take(), 2U);
    EXPECT_EQ(second.take(), "45");
    EXPECT_EQ(back.take(), 1U);
    EXPECT_EQ(third.take(), "1XY4");
    EXPECT_EQ(where.take(), 5U);
    EXPECT_EQ(cut.take(), 5U);
    EXPECT_EQ(rest.take(), "");
  });
  EXPECT_EQ(get("a"), "01XY4");
}

TEST_P(order, FlushWaitsForPositionalWritesBeforeIt) {
  run([&]() -> task<> {
    file f = co_await open("a", "w+b");
    std::vector<begun<std::size_t>> writes;
    for (std::uint64_t i = 0; i < 100; ++i)
      writes.push_back(begin(f.write_at(i * 5000, pattern(5000, i * 5000))));
    co_await f.flush();
    for (auto& write : writes) EXPECT_TRUE(write.done());
    EXPECT_BYTES(get("a"), pattern(500'000));
  });
}

TEST_P(order, ABarrierComesBeforeWhatFollowsIt) {
  put("a", std::string(100'000, 'o'));
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    std::vector<begun<std::size_t>> before;
    for (std::uint64_t i = 0; i < 20; ++i)
      before.push_back(begin(f.write_at(i * 5000, std::string(5000, 'n'))));
    auto cut = begin(f.truncate(50'000));
    auto after = begin(f.read_at(0, 100'000));
    co_await f.sync();
    EXPECT_EQ(cut.take(), 50'000U);
    EXPECT_BYTES(after.take(), std::string(50'000, 'n'));
  });
}

TEST_P(order, EveryBarrierIsOne) {
  run([&]() -> task<> {
    file f = co_await open("a", "w+b");
    for (int i = 0; i < 4; ++i) {
      auto write = begin(f.write_at(0, std::string(200'000, static_cast<char>('a' + i))));
      auto through = begin(f.write("x"));
      if (i == 0) co_await f.flush();
      if (i == 1) co_await f.sync();
      if (i == 2) co_await f.sync_data();
      if (i == 3) co_await f.close();
      EXPECT_TRUE(write.done() && through.done());
    }
  });
  EXPECT_EQ(get("a")->size(), 200'000U);
}

TEST_P(order, FilesDoNotWaitForEachOther) {
  put("a", "a");
  put("b", "b");
  if (!on_kernel()) {
    memory()->refuse_inline(true);
    memory()->hold(true);
    auto opening = begin(open("a", "r"));
    auto other = begin(open("b", "r"));
    memory()->release(1);
    crank();
    EXPECT_FALSE(opening.done());
    EXPECT_TRUE(other.done());
    memory()->hold(false);
    memory()->release_all();
    crank();
    return;
  }
  run([&]() -> task<> {
    file a = co_await open("a", "r");
    file b = co_await open("b", "r");
    co_await sleep_for(std::chrono::nanoseconds::zero());  // a turn, and a budget, of its own
    auto one = begin(a.sync());
    auto two = begin(b.read());
    EXPECT_TRUE(two.done()) << "what is cached comes at once";
    co_await a.close();
    one.take();
  });
}

// ---- Positional: as many at once as the caller likes
// ---------------------------------------------

class positional : public suite {};
CONTRACT_FOR_ALL(positional);

TEST_P(positional, AThousandReadsAtOnce) {
  put("a", pattern(4'000'000));
  make_cold("a");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    std::vector<begun<std::string>> reads;
    for (std::uint64_t i = 0; i < 1000; ++i)
      reads.push_back(begin(f.read_at(i * 7919 % 1000 * 4000, 4000)));
    co_await f.close();
    for (std::uint64_t i = 0; i < 1000; ++i)
      EXPECT_BYTES(reads[i].take(), pattern(4000, i * 7919 % 1000 * 4000));
  });
}

TEST_P(positional, AThousandWritesAtOnce) {
  run([&]() -> task<> {
    file f = co_await open("a", "wb");
    std::vector<begun<std::size_t>> writes;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const std::uint64_t at = i * 7919 % 1000 * 1000;
      writes.push_back(begin(f.write_at(at, pattern(1000, at))));
    }
    co_await f.close();
    for (auto& write : writes) EXPECT_EQ(write.take(), 1000U);
  });
  EXPECT_BYTES(get("a"), pattern(1'000'000));
}

TEST_P(positional, AHundredThousandReadsOutstanding) {
  constexpr std::uint64_t count = sanitized ? 20'000 : 100'000;
  put("a", pattern(1 << 20));
  if (!on_kernel()) memory()->refuse_inline(true);
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    std::vector<begun<std::string>> reads;
    reads.reserve(count);
    const std::size_t before = ::mallinfo2().uordblks;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i % 20'000 == 0) make_cold("a");
      reads.push_back(begin(f.read_at(i * 4097 % (1 << 20), 16)));
    }
    const std::size_t each = (::mallinfo2().uordblks - before) / count;
    const std::size_t outstanding = loop().stats().in_flight;
    std::printf("%zu outstanding, %zu bytes each with their coroutines\n", outstanding, each);
    EXPECT_GT(outstanding, count * 9 / 10);
    EXPECT_TRUE(sanitized || each < 2048) << each;
    co_await f.flush();
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t at = i * 4097 % (1 << 20);
      const std::uint64_t size = std::min<std::uint64_t>(16, (1 << 20) - at);
      wrong += reads[i].take() == pattern(size, at) ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0U);
    co_await f.close();
  });
  EXPECT_TRUE(loop().idle());
}

TEST_P(positional, OneLargeReadIsWhole) {
  put("a", pattern(20'000'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_BYTES(co_await f.read_at(3, 18'000'000), pattern(18'000'000, 3));
    std::string into(10'000'000, '?');
    EXPECT_EQ(co_await f.read_at(15'000'000, std::as_writable_bytes(std::span(into))), 5'000'000U);
    EXPECT_BYTES(into, pattern(5'000'000, 15'000'000) + std::string(5'000'000, '?'));
  });
}

TEST_P(positional, VectorsAreScatteredAndGathered) {
  put("a", "");
  run([&]() -> task<> {
    file f = co_await open("a", "w+b");
    std::vector<std::string> parts;
    std::string joined;
    for (std::size_t i = 0; i < 2500; ++i) {  // more than IOV_MAX, with empty ones among them
      parts.push_back(pattern(i % 50, joined.size()));
      joined += parts.back();
    }
    EXPECT_EQ(co_await f.write_at(10, parts), joined.size());
    for (const std::size_t piece : {1U, 37U, 5000U}) {
      std::string into(joined.size() + 100, '?');
      std::vector<std::span<std::byte>> spans;
      for (std::size_t at = 0; at < into.size(); at += piece)
        spans.push_back(
            std::as_writable_bytes(std::span(into).subspan(at, std::min(piece, into.size() - at))));
      EXPECT_EQ(co_await f.read_at(10, std::move(spans)), joined.size());
      EXPECT_BYTES(into, joined + std::string(100, '?'));
    }
    EXPECT_EQ(co_await f.write_at(0, std::vector<std::string>{}), 0U);
    EXPECT_EQ(co_await f.read_at(0, std::vector<std::span<std::byte>>{}), 0U);
  });
}

TEST_P(positional, NothingIsReadBehindTheEnd) {
  put("a", "0123456789");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_EQ(co_await f.read_at(8, 10), "89");
    EXPECT_EQ(co_await f.read_at(10, 10), "");
    EXPECT_EQ(co_await f.read_at(1'000'000, 10), "");
    EXPECT_EQ(co_await f.read_at(0, 0), "");
  });
}

}  // namespace
}  // namespace ringfiles::contract
