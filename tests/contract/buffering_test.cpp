// What is read and written without a buffer, line by line, and with openers of one's own.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

constexpr open_options unbuffered{.buffering = buffering::none};
constexpr open_options line_by_line{.buffering = buffering::lines};

class buffers : public suite {};
CONTRACT_FOR_ALL(buffers);

TEST_P(buffers, WithoutOneAWriteIsInTheFileWhenItEnds) {
  run([&]() -> task<> {
    file f = co_await open("a", "wb", unbuffered);
    std::string written;
    for (const std::size_t size : {1U, 4096U, 300'000U, 10U, 2'000'000U, 7U}) {
      co_await f.write(pattern(size, written.size()));
      written += pattern(size, written.size());
      EXPECT_BYTES(get("a"), written);
      EXPECT_EQ(co_await f.tell(), written.size());
    }
  });
}

TEST_P(buffers, WithoutOneAppendsGoToTheEnd) {
  put("a", "old");
  run([&]() -> task<> {
    file f = co_await open("a", "a+b", unbuffered);
    co_await f.write("1");
    EXPECT_EQ(co_await f.tell(), 4U);
    EXPECT_EQ(co_await f.seek(0), 0U);
    EXPECT_EQ(co_await f.read(2), "ol");
    co_await f.write("2");
    EXPECT_EQ(co_await f.tell(), 5U);
    EXPECT_EQ(get("a"), "old12");
  });
}

TEST_P(buffers, WithoutOneEachReadSeesTheFileAsItIsNow) {
  put("a", "first content");
  run([&]() -> task<> {
    file f = co_await open("a", "rb", unbuffered);
    EXPECT_EQ(co_await f.read(6), "first ");
    put("a", "other words..");
    EXPECT_EQ(co_await f.peek(3), "wor");
    put("a", "other things!");
    EXPECT_EQ(co_await f.readline(3), "thi");
    put("a", "other thickets");
    EXPECT_EQ(co_await f.read(), "ckets");
    put("a", "other thickets grow");
    EXPECT_EQ(co_await f.read(), " grow");
  });
}

TEST_P(buffers, WithoutOneAReadIsAsLargeAsWanted) {
  put("a", pattern(300'000));
  run([&]() -> task<> {
    file f = co_await open("a", "rb", unbuffered);
    EXPECT_BYTES(co_await f.read(200'001), pattern(200'001));
    std::string rest(200'000, '\0');
    EXPECT_EQ(co_await f.readinto(std::as_writable_bytes(std::span(rest.data(), rest.size()))),
              99'999U);
    rest.resize(99'999);
    EXPECT_BYTES(rest, pattern(99'999, 200'001));
  });
}

TEST_P(buffers, TextNeedsOne) {
  put("a", "text");
  run([&]() -> task<> {
    const auto failure = co_await error_of(open("a", "r", unbuffered));
    EXPECT_TRUE(failure && failure->code() == errc::invalid_buffering);
    EXPECT_EQ(co_await (co_await open("a", "rb", unbuffered)).read(), "text");
  });
}

TEST_P(buffers, LinesAreInTheFileWhenTheirWriteEnds) {
  run([&]() -> task<> {
    file f = co_await open("a", "w", line_by_line);
    EXPECT_TRUE(f.line_buffering());
    co_await f.write("begun");
    EXPECT_EQ(get("a"), "");
    co_await f.write(", done\nand");
    EXPECT_EQ(get("a"), "begun, done\nand");
    co_await f.write(" so\ron");
    EXPECT_EQ(get("a"), "begun, done\nand so\ron");
    std::vector<std::string> more;
    more.emplace_back("!");
    more.emplace_back("\n");
    co_await f.writelines(std::move(more));
    EXPECT_EQ(get("a"), "begun, done\nand so\ron!\n");
    co_await f.write("rest");
    co_await f.close();
    EXPECT_EQ(get("a"), "begun, done\nand so\ron!\nrest");
  });
}

TEST_P(buffers, BytesKnowNoLines) {
  run([&]() -> task<> {
    file f = co_await open("a", "wb", line_by_line);
    EXPECT_FALSE(f.line_buffering());
    co_await f.write("line\n");
    EXPECT_EQ(get("a"), "");
    co_await f.close();
  });
  EXPECT_EQ(get("a"), "line\n");
}

TEST_P(buffers, WhatIsToBeReadExactlyIsReadOrLeft) {
  put("a", "0123456789");
  run([&]() -> task<> {
    for (const open_options& options : {open_options{}, unbuffered}) {
      file f = co_await open("a", "rb", options);
      EXPECT_EQ(co_await f.read_exactly(4), "0123");
      const auto failure = co_await error_of(f.read_exactly(7));
      EXPECT_TRUE(failure && failure->code() == errc::unexpected_end);
      EXPECT_EQ(failure->operation(), "read_exactly");
      EXPECT_EQ(co_await f.tell(), 4U);
      EXPECT_EQ(co_await f.read_exactly(6), "456789");
      EXPECT_EQ(co_await f.read_exactly(0), "");
    }
    file text = co_await open("a", "r");
    EXPECT_EQ(co_await text.read_exactly(10), "0123456789");
  });
}

TEST_P(buffers, PeekingConsumesNothing) {
  put("a", "0123é\r\nx");
  run([&]() -> task<> {
    file f = co_await open("a", "rb");
    EXPECT_EQ(co_await f.peek(2), "01");
    EXPECT_EQ(co_await f.peek(), "0123é\r\nx");
    EXPECT_EQ(co_await f.tell(), 0U);
    EXPECT_EQ(co_await f.read1(3), "012");
    EXPECT_EQ(co_await f.readall(), "3é\r\nx");
    EXPECT_EQ(co_await f.peek(), "");
    file text = co_await open("a", "r");
    EXPECT_EQ(co_await text.peek(6), "0123é\n");
    EXPECT_EQ(co_await text.read(), "0123é\nx");
    const auto failure = co_await error_of(text.read1());
    EXPECT_TRUE(failure && failure->code() == errc::text_mode);
  });
}

TEST_P(buffers, TheHintOfLinesCountsCharacters) {
  put("a", "ééé\nééé\nééé\n");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ((co_await f.readlines(4)).size(), 2U) << "four characters are not more than four";
    EXPECT_EQ((co_await f.readlines(3)).size(), 1U);
  });
}

class kernel_buffers : public suite {
 protected:
  /// A FIFO of which this process has both ends.
  int make_fifo(std::string_view name, int flags) {
    EXPECT_EQ(::mkfifo(path(name).c_str(), 0600), 0);
    const int both = ::open(path(name).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const int end = ::open(path(name).c_str(), flags | O_CLOEXEC);
    ::close(both);
    return end;
  }
};
CONTRACT_FOR_KERNEL(kernel_buffers);

TEST_P(kernel_buffers, WithoutOneAPipeKeepsWhatWasNotAskedFor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "line\nsecond\n0123456789", 22), 22);
  run([&]() -> task<> {
    file f =
        adopt(loop(), ends[0], "rb", {.close_descriptor = false, .buffering = buffering::none});
    EXPECT_EQ(co_await f.readline(), "line\n");
    EXPECT_EQ((co_await f.next_lines()).value().text(), "second\n");
    EXPECT_EQ(co_await f.read(3), "012");
    std::byte three[3];
    EXPECT_EQ(co_await f.readinto(three), 3U);
    EXPECT_EQ(co_await f.read_some(2), "67");
    co_await f.close();
  });
  char rest[16];
  EXPECT_EQ(::read(ends[0], rest, sizeof rest), 2) << "another process would find them";
  EXPECT_EQ(std::string(rest, 2), "89");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_P(kernel_buffers, WithoutOneALimitedReadOfAPipeIsOneRead) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "abc", 3), 3);
  run([&]() -> task<> {
    file f = adopt(loop(), ends[0], "rb", {.buffering = buffering::none});
    EXPECT_EQ(co_await f.read(100), "abc");
    co_await f.close();
  });
  ::close(ends[1]);
}

TEST_P(kernel_buffers, ATerminalIsWrittenLineByLine) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(master, 0);
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  const std::string name = ::ptsname(master);
  const int keeps_it_open = ::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  run([&]() -> task<> {
    file f = co_await ringfiles::open(loop(), name, "w");
    EXPECT_TRUE(f.is_terminal());
    EXPECT_TRUE(f.line_buffering());
    co_await f.write("prompt");
    co_await f.write("> \n");
    char shown[32];
    EXPECT_GT(::read(master, shown, sizeof shown), 0);
    co_await f.close();
  });
  ::close(keeps_it_open);
  ::close(master);
}

TEST_P(kernel_buffers, WhatFailedWithoutOneIsNotTriedAgain) {
  put("a", "");
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1000;
  run([&]() -> task<> {
    file f = co_await open("a", "wb", unbuffered);
    ::setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_EQ(co_await f.write(pattern(900)), 900U);
    co_await expect_error(f.write(pattern(200, 900)), EFBIG, "write", path("a"));
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(co_await f.tell(), 1000U) << "behind the part that was written";
    co_await f.flush();
    co_await f.close();
  });
  std::signal(SIGXFSZ, handler);
  EXPECT_BYTES(get("a"), pattern(1000));
}

class openers : public suite {};
CONTRACT_FOR_KERNEL(openers);

TEST_P(openers, OpenInOpensPlace) {
  put("a", "text\n");
  const int folder = ::open(path(".").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const auto in_folder = [folder](const char* name, int flags) {
    return ::openat(folder, name, flags, 0600);
  };
  run([&]() -> task<> {
    file f = co_await ringfiles::open(loop(), "a", "r", {}, in_folder);
    EXPECT_EQ(f.path(), "a");
    EXPECT_EQ(co_await f.readline(), "text\n");
    EXPECT_NE(::fcntl(f.native_handle(), F_GETFD) & FD_CLOEXEC, 0);
    file made = co_await ringfiles::open(loop(), "new", "w", {}, in_folder);
    co_await made.write("made");
    co_await made.close();
    file more = co_await ringfiles::open(loop(), "new", "a", {}, in_folder);
    EXPECT_EQ(co_await more.tell(), 4U);
    co_await more.write(" more");
    co_await more.close();
    co_await expect_error(ringfiles::open(loop(), "new", "x", {}, in_folder), EEXIST, "open",
                          "new");
    co_await expect_error(ringfiles::open(loop(), ".", "r", {}, in_folder), EISDIR, "open", ".");
  });
  EXPECT_EQ(get("new"), "made more");
  ::close(folder);
}

TEST_P(openers, FailAsTheyLike) {
  run([&]() -> task<> {
    co_await expect_error(ringfiles::open(loop(), "a", "r", {},
                                          [](const char*, int) {
                                            errno = EXDEV;
                                            return -1;
                                          }),
                          EXDEV, "open", "a");
    co_await expect_error(
        ringfiles::open(loop(), "a", "r", {}, [](const char*, int) { return -1; }), EINVAL, "open",
        "a");
    co_await expect_error(
        ringfiles::open(loop(), "a", "r", {}, [](const char*, int) { return 1'000'000; }), EBADF,
        "open", "a");
    const auto throws = [](const char*, int) -> int { throw std::runtime_error("my own"); };
    try {
      static_cast<void>(co_await ringfiles::open(loop(), "a", "r", {}, throws));
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& thrown) {
      EXPECT_STREQ(thrown.what(), "my own");
    }
    std::atomic<int> called = 0;
    const auto counts = [&](const char*, int) { return ++called, -1; };
    co_await expect_error(ringfiles::open(loop(), "a", "q", {}, counts), EINVAL, "open", "a");
    EXPECT_EQ(called, 0);
  });
}

TEST_P(openers, LeakNothingWhenCancelled) {
  put("a", "");
  const int before = ::dup(0);
  ::close(before);
  for (int i = 0; i < 50; ++i) {
    auto opening =
        begin(ringfiles::open(loop(), path("a"), "r", {}, [](const char* name, int flags) {
                std::this_thread::sleep_for(1ms);
                return ::open(name, flags);
              }).within(i % 2 == 0 ? 100us : 2ms));
    EXPECT_TRUE(crank_until([&] { return opening.done(); }));
  }
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  std::this_thread::sleep_for(20ms);
  crank();
  const int after = ::dup(0);
  ::close(after);
  EXPECT_EQ(after, before);
}

TEST_P(openers, LeakNothingWhenTheyOutliveTheirEngine) {
  put("a", "");
  end_engine();
  const auto is_open = [&] {
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(each.path(), gone) == path("a")) return true;
    }
    return false;
  };
  {
    engine other(options());
    const engine::scope scope(other);
    const auto slow = [](const char* name, int flags) {
      std::this_thread::sleep_for(300ms);
      return ::open(name, flags);
    };
    auto opening = begin(ringfiles::open(other, path("a"), "r", {}, slow).within(1ms));
    while (!opening.done()) {
      if (other.wait(5ms)) other.run_completions();
    }
    EXPECT_EQ(opening.number(), ETIMEDOUT);
  }
  std::this_thread::sleep_for(500ms);
  EXPECT_FALSE(is_open());
  restart_engine();
}

}  // namespace
}  // namespace ringfiles::contract
