// Reading with a scanner and writing from a source.
#include "fixture.hpp"
#include "unit/scanners.hpp"

namespace ringfiles::contract {
namespace {

using ringfiles::testing::gathering;
using ringfiles::testing::portions;
using ringfiles::testing::text_of;
using ringfiles::testing::write_portions;

class scanning : public suite {};
CONTRACT_FOR_ALL(scanning);

std::unique_ptr<scanner> gather(std::size_t limit, scan_verdict by = scan_verdict::more,
                                bool works = false) {
  return std::make_unique<gathering>(limit, by, works);
}

TEST_P(scanning, TakesWhatItWantsAcrossChunks) {
  put("a", pattern(700'000));
  for (const scan_verdict by : {scan_verdict::more, scan_verdict::direct}) {
    for (const std::size_t limit : {1U, 65'537U, 300'000U, 700'000U, 900'000U}) {
      make_cold("a");
      run([&]() -> task<> {
        file f = co_await open("a", "rb");
        const std::size_t count = std::min<std::size_t>(limit, 700'000);
        const auto ended = co_await scan(f, gather(limit, by));
        EXPECT_BYTES(text_of(ended), pattern(count));
        EXPECT_EQ(co_await f.tell(), count);
        EXPECT_BYTES(co_await f.read(), pattern(700'000 - count, count));
      });
    }
  }
}

TEST_P(scanning, WorksBesideTheLoop) {
  put("a", "text");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    auto behind = begin(scan(f, gather(3, scan_verdict::more, true)));
    EXPECT_EQ(co_await f.read(), "t") << "comes after it";
    EXPECT_TRUE(behind.done());
    const auto ended = behind.take();
    EXPECT_TRUE(static_cast<gathering&>(*ended).worked);
    EXPECT_FALSE(static_cast<gathering&>(*ended).hurried);
  });
}

// What is cached is at hand before anybody waits; its work is not.
TEST_P(scanning, IsNotAskedAgainBeforeItHasWorked) {
  put("a", pattern(300'000));
  for (const scan_verdict by : {scan_verdict::more, scan_verdict::direct}) {
    for (const std::size_t limit : {100U, 250'000U, 900'000U}) {
      run([&]() -> task<> {
        file f = co_await open("a", "rb");
        co_await f.read(100);
        const auto ended = co_await scan(f, gather(limit, by, true));
        EXPECT_TRUE(static_cast<gathering&>(*ended).worked);
        EXPECT_FALSE(static_cast<gathering&>(*ended).hurried) << limit;
      });
    }
  }
}

TEST_P(scanning, KeepsTheOrderOfCalls) {
  put("a", pattern(2'000'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    auto first = begin(f.read(100'000));
    auto second = begin(scan(f, gather(900'000, scan_verdict::direct)));
    auto third = begin(f.read(50'000));
    EXPECT_EQ(co_await f.tell(), 1'050'000U);
    EXPECT_BYTES(first.take(), pattern(100'000));
    EXPECT_BYTES(text_of(second.take()), pattern(900'000, 100'000));
    EXPECT_BYTES(third.take(), pattern(50'000, 1'000'000));
  });
}

TEST_P(scanning, RefusesTextAndWhatIsNotReadable) {
  put("a", "text");
  run([&]() -> task<> {
    file text = co_await open("a", "r");
    co_await expect_error(scan(text, gather(1)), EINVAL, "read", path("a"));
    file writer = co_await open("b", "wb");
    co_await expect_error(scan(writer, gather(1)), EBADF, "read", path("b"));
  });
}

TEST_P(scanning, SeesAFileGrow) {
  put("a", "one");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    EXPECT_EQ(text_of(co_await scan(f, gather(99))), "one");
    co_await f.write_at(3, "two");
    EXPECT_EQ(text_of(co_await scan(f, gather(99))), "two");
    EXPECT_EQ(text_of(co_await scan(f, gather(99))), "");
  });
}

TEST_P(scanning, PortionsOfASourceComeInOrderAsOneCall) {
  for (const std::size_t each : {7U, 1'000U, 65'536U, 1'500'000U}) {
    for (const std::size_t buffer : {0U, 16U, 4'096U}) {
      const std::size_t size = each == 7 ? 5'000 : 2'000'000;
      run([&]() -> task<> {
        file f = co_await open("a", "wb", {.buffer_bytes = buffer});
        auto before = begin(f.write("begin"));
        auto whole = begin(write_portions(f, pattern(size), each));
        auto after = begin(f.write("end"));
        co_await f.close();
        EXPECT_TRUE(before.done() && whole.done() && after.done());
        const auto ended = whole.take();
        EXPECT_EQ(static_cast<portions&>(*ended).given, size);
      });
      EXPECT_BYTES(get("a"), "begin" + pattern(size) + "end");
    }
  }
}

}  // namespace
}  // namespace ringfiles::contract
