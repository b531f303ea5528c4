// What a seek leaves of what was read before: of a text nothing, of bytes what the buffer holds.
#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

open_options encoded(std::string_view name, text_errors errors = text_errors::strict) {
  open_options options;
  options.encoding = name;
  options.errors = errors;
  return options;
}

class stale : public suite {
 protected:
  /// By another handle, into the same file.
  task<> rewrite(std::string content) {
    file other = co_await open("a", "w");
    co_await other.write(std::move(content));
    co_await other.close();
  }
};
CONTRACT_FOR_ALL(stale);

TEST_P(stale, ATextIsReadAnewAfterEachSeek) {
  for (const char* const mode : {"r", "r+"})
    for (const char* const encoding : {"utf-8", "latin-1"}) {
      put("a", "old\nsecond\n");
      run([&]() -> task<> {
        file f = co_await open("a", mode, encoded(encoding));
        EXPECT_EQ(co_await f.readline(), "old\n");
        const std::uint64_t there = co_await f.tell();
        co_await rewrite("new\nanother\n");
        co_await f.seek(0);
        EXPECT_EQ(co_await f.readline(), "new\n") << mode << ' ' << encoding;
        co_await rewrite("few\nyet one\n");
        EXPECT_EQ(co_await f.seek(0, whence::current), there);
        EXPECT_EQ(co_await f.readline(), "yet one\n");
        co_await rewrite("old\nfarther\n");
        co_await f.seek(static_cast<std::int64_t>(there));
        EXPECT_EQ(co_await f.readline(), "farther\n");
        co_await rewrite("old\n");
        co_await f.seek(static_cast<std::int64_t>(there));
        EXPECT_EQ(co_await f.readline(), std::nullopt) << "it has become shorter";
      });
    }
}

TEST_P(stale, ATextThatWasCutOffIsAtItsEnd) {
  put("a", pattern(300'000).replace(0, 4, "old\n"));
  run([&]() -> task<> {
    file f = co_await open("a", "r", encoded("latin-1"));
    EXPECT_EQ(co_await f.readline(), "old\n");
    co_await rewrite("");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.readline(), std::nullopt);
    EXPECT_EQ(co_await f.seek(0, whence::end), 0U);
  });
}

TEST_P(stale, BytesAreKeptWithinTheBufferAndReadAnewFromTheEnd) {
  put("a", "old\nsecond\n");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_EQ(co_await f.readline(), "old\n");
    co_await rewrite("new\nanother\n");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.readline(), "old\n");
    co_await f.seek(-4, whence::current);
    EXPECT_EQ(co_await f.readline(), "old\n");
    co_await f.seek(-12, whence::end);
    EXPECT_EQ(co_await f.readline(), "new\n");
    EXPECT_EQ(co_await f.readline(), "another\n");
    co_await rewrite("few\nyet one\n");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.readline(), "few\n") << "the buffer was used up";
  });
}

TEST_P(stale, ASeekMayComeWhileMoreIsBeingRead) {
  put("a", pattern(3'000'000));
  make_cold("a");
  run([&]() -> task<> {
    file f = co_await open("a", "r", encoded("latin-1"));
    co_await f.read(1'000'000);
    co_await rewrite("new\n");
    co_await f.seek(0);
    EXPECT_EQ(co_await f.read(), "new\n");
  });
}

TEST_P(stale, ASeekToTheCurrentPlaceKeepsTheStateOfTheDecoder) {
  put("a", "\x1b$B$\"$$\x1b(B\n");
  run([&]() -> task<> {
    file f = co_await open("a", "r", encoded("iso2022_jp"));
    EXPECT_EQ(co_await f.read(1), "あ");
    const std::uint64_t there = co_await f.tell();
    EXPECT_EQ(co_await f.seek(0, whence::current), there) << "it is what tell() gives";
    EXPECT_EQ(co_await f.read(), "い\n");
  });
}

TEST_P(stale, ASeekToTheCurrentPlaceMayBeWithinWhatAHandlerMade) {
  put("a", std::string("a\xff") + "b");
  run([&]() -> task<> {
    for (const char* const encoding : {"utf-8", "ascii"}) {
      file f = co_await open("a", "r", encoded(encoding, text_errors::backslashreplace));
      EXPECT_EQ(co_await f.read(2), "a\\");
      const std::uint64_t there = co_await f.tell();
      EXPECT_EQ(co_await f.seek(0, whence::current), there);
      EXPECT_EQ(co_await f.read(), "xffb");
    }
  });
}

class polled : public suite {};
CONTRACT_FOR_KERNEL(polled);

// What a monitor does: one handle, read again and again.
TEST_P(polled, AFileOfTheKernelShowsWhatItIsNow) {
  run([&]() -> task<> {
    file f = co_await ringfiles::open(loop(), "/proc/uptime");
    const auto before = co_await f.readline();
    co_await sleep_for(30ms);
    co_await f.seek(0);
    EXPECT_NE(co_await f.readline(), before);
  });
}

// A buffer whose size was chosen takes no more than that from whoever shares the pipe.
TEST_P(polled, AChosenBufferLeavesTheRestInAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "abcde\nf", 7), 7);
  run([&]() -> task<> {
    adopt_options options;
    options.buffer_bytes = 2;
    file f = adopt(loop(), ends[0], "rb", options);
    EXPECT_EQ(co_await f.read(1), "a");
    std::string left(10, '?');
    EXPECT_EQ(::read(ends[0], left.data(), 1), 1);
    EXPECT_EQ(left[0], 'c') << "read ahead was one byte";
    EXPECT_EQ(co_await f.readline(), "bde\n");
    co_await f.close();
  });
  ::close(ends[1]);
}

}  // namespace
}  // namespace ringfiles::contract
