// FIFOs: opening waits for the other end, reading and writing wait for it, and nothing else waits.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class fifos : public suite {
 protected:
  void make(std::string_view name) { ASSERT_EQ(::mkfifo(path(name).c_str(), 0600), 0); }
  /// The other end, which does not wait for us.
  int other_end(std::string_view name, int flags) {
    return ::open(path(name).c_str(), flags | O_NONBLOCK | O_CLOEXEC);
  }
};
CONTRACT_FOR_KERNEL(fifos);

TEST_P(fifos, AnOpenForReadingWaitsForAWriter) {
  make("fifo");
  auto opening = begin(open("fifo", "r"));
  std::this_thread::sleep_for(30ms);
  crank();
  EXPECT_FALSE(opening.done());
  const int writer = ::open(path("fifo").c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT_TRUE(crank_until([&] { return opening.done(); }));
  file f = opening.take();
  EXPECT_EQ(::write(writer, "hello\n", 6), 6);
  run([&]() -> task<> { EXPECT_EQ(co_await f.readline(), "hello\n"); });
  ::close(writer);
  run([&]() -> task<> { EXPECT_EQ(co_await f.readline(), std::nullopt); });
}

TEST_P(fifos, AnOpenForWritingWaitsForAReader) {
  make("fifo");
  auto opening = begin(open("fifo", "w"));
  std::this_thread::sleep_for(30ms);
  crank();
  EXPECT_FALSE(opening.done());
  const int reader = other_end("fifo", O_RDONLY);
  EXPECT_TRUE(crank_until([&] { return opening.done(); }));
  run([&, f = opening.take()]() mutable -> task<> {
    co_await f.write("hello");
    co_await f.close();
  });
  char text[16] = {};
  EXPECT_EQ(::read(reader, text, sizeof text), 5);
  ::close(reader);
}

TEST_P(fifos, BothEndsMayBeOurs) {
  make("fifo");
  auto reading = begin(open("fifo", "rb"));
  auto writing = begin(open("fifo", "wb"));
  EXPECT_TRUE(crank_until([&] { return reading.done() && writing.done(); }));
  file reader = reading.take();
  file writer = writing.take();
  const std::string large = pattern(3'000'000);
  auto all_of_it = begin(reader.read());
  auto wrote = begin(writer.write(large));
  auto closed = begin(writer.close());
  EXPECT_TRUE(crank_until([&] { return all_of_it.done() && closed.done(); }));
  EXPECT_EQ(wrote.take(), large.size());
  closed.take();
  EXPECT_BYTES(all_of_it.take(), large);
}

TEST_P(fifos, HaveNoPosition) {
  make("fifo");
  const int other = other_end("fifo", O_RDWR);
  file f = opened("fifo", "r");
  EXPECT_FALSE(f.seekable());
  run([&]() -> task<> {
    co_await expect_error(f.seek(0), ESPIPE, "seek", path("fifo"));
    co_await expect_error(f.tell(), ESPIPE, "tell", path("fifo"));
    co_await expect_error(f.read_at(0, 1), ESPIPE, "read_at", path("fifo"));
  });
  ::close(other);
}

TEST_P(fifos, ReadSomeGivesWhatIsThere) {
  make("fifo");
  const int other = other_end("fifo", O_RDWR);
  file f = opened("fifo", "r");
  EXPECT_EQ(::write(other, "abc\xe2\x82", 5), 5);
  run([&]() -> task<> { EXPECT_EQ(co_await f.read_some(100), "abc"); });
  auto rest = begin(f.read_some(100));
  crank();
  EXPECT_FALSE(rest.done()) << "half a character is not handed out";
  EXPECT_EQ(::write(other, "\xac!", 2), 2);
  EXPECT_TRUE(crank_until([&] { return rest.done(); }));
  EXPECT_EQ(rest.take(), "€!");
  ::close(other);
}

TEST_P(fifos, TextInOtherEncodingsWaitsForWholeCharacters) {
  make("fifo");
  const int other = other_end("fifo", O_RDWR);
  open_options options;
  options.encoding = "utf-16";
  file f = opened("fifo", "r", options);
  auto line = begin(f.readline());
  const std::string bytes = std::string("\xff\xfe") + std::string("h\0\xac \n\0!\0", 8);
  for (const char byte : bytes) {
    EXPECT_FALSE(line.done() && byte != '!' && byte != '\0') << "before its line is whole";
    EXPECT_EQ(::write(other, &byte, 1), 1);
    crank();
  }
  EXPECT_TRUE(crank_until([&] { return line.done(); }));
  EXPECT_EQ(line.take(), "h€\n");
  run([&]() -> task<> { EXPECT_EQ(co_await f.read_some(100), "!"); });
  ::close(other);
}

TEST_P(fifos, ACancelledReadOfDecodedTextGivesItBack) {
  make("fifo");
  const int other = other_end("fifo", O_RDWR);
  open_options options;
  options.encoding = "latin-1";
  file f = opened("fifo", "r", options);
  EXPECT_EQ(::write(other, "\xe4\xf6\n\xfc", 4), 4);
  run([&]() -> task<> {
    const auto late = co_await error_of(f.read(10).within(20ms));
    EXPECT_TRUE(late && late->code() == std::errc::timed_out);
    EXPECT_EQ(co_await f.readline(), "äö\n");
    EXPECT_EQ(co_await f.read(1), "ü");
  });
  ::close(other);
}

TEST_P(fifos, AThousandThatHangHoldUpNobody) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t count = std::min<std::size_t>(1000, limit.rlim_cur / 2);
  std::vector<begun<file>> opening;
  for (std::size_t i = 0; i < count; ++i) {
    make("fifo" + std::to_string(i));
    opening.push_back(begin(open("fifo" + std::to_string(i), i % 2 == 0 ? "r" : "w").within(1s)));
  }
  put("a", pattern(100'000));
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 10; ++round) {
    make_cold("a");
    run([&]() -> task<> {
      file f = co_await open("a", "r+b");
      EXPECT_EQ((co_await f.read()).size(), 100'000U);
      co_await f.sync();
    });
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s * (sanitized ? 20 : 5));
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  for (auto& each : opening) EXPECT_EQ(each.number(), ETIMEDOUT);
}

TEST_P(fifos, AHundredReadersOfOneWaitWithoutThreads) {
  make("fifo");
  const int other = other_end("fifo", O_RDWR);
  std::vector<file> files;
  std::vector<begun<std::string>> reads;
  for (int i = 0; i < 100; ++i) {
    files.push_back(opened("fifo", "rb"));
    reads.push_back(begin(files.back().read(1)));
  }
  EXPECT_EQ(loop().stats().in_flight, 0U) << "they wait without a thread";
  put("a", "x");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.read(), "x");
  });
  const auto ended = [&] {
    return std::count_if(reads.begin(), reads.end(), [](auto& read) { return read.done(); });
  };
  for (int i = 1; i <= 100; ++i) {  // each reader takes all that is there
    EXPECT_EQ(::write(other, "y", 1), 1);
    ASSERT_TRUE(crank_until([&] { return ended() == i; }));
  }
  for (auto& read : reads) EXPECT_EQ(read.take(), "y");
  ::close(other);
}

TEST_P(fifos, AreNotLeftOpenByACancelledOpen) {
  make("fifo");
  for (int i = 0; i < 50; ++i) {
    auto opening = begin(open("fifo", "r").within(std::chrono::microseconds(i * 100)));
    EXPECT_TRUE(crank_until([&] { return opening.done(); }));
  }
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  EXPECT_EQ(::open(path("fifo").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1)
      << "there must be no reader left";
  EXPECT_EQ(errno, ENXIO);
}

}  // namespace
}  // namespace ringfiles::contract
