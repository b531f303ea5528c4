// Deadlines and stop tokens, on calls that would wait for ever. (In memory, tests/unit cancels at
// every single point at which a call can wait.)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

/// A FIFO whose other end is in the hands of the test.
class fifo {
 public:
  fifo(const std::string& path, int flags) {
    ::mkfifo(path.c_str(), 0600);
    fd_ = ::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC);
  }
  ~fifo() { close(); }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// What there is, at most `limit` bytes.
  std::string take(std::size_t limit = 1 << 20) const {
    std::string text(limit, '\0');
    const ssize_t count = ::read(fd_, text.data(), limit);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

class interrupted : public suite {
 protected:
  /// `start` makes a call that waits. It is to end with ETIMEDOUT by a deadline and ECANCELED by a
  /// stop request, from this thread and from another one; `nothing_lost` looks after each.
  template <class Start>
  void ends_early(Start start, const std::function<void()>& nothing_lost = [] {}) {
    auto late = contract::begin(start().within(5ms));
    EXPECT_TRUE(crank_until([&] { return late.done(); }));
    EXPECT_EQ(late.number(), ETIMEDOUT);
    nothing_lost();

    auto at_once = contract::begin(start().within(0ns));
    EXPECT_TRUE(crank_until([&] { return at_once.done(); }));
    EXPECT_EQ(at_once.number(), ETIMEDOUT);
    nothing_lost();

    for (const bool elsewhere : {false, true}) {
      std::stop_source source;
      auto stopped = contract::begin(start().stopped_by(source.get_token()));
      crank();
      EXPECT_FALSE(stopped.done());
      if (elsewhere)
        std::thread([&] { source.request_stop(); }).join();
      else
        source.request_stop();
      EXPECT_TRUE(crank_until([&] { return stopped.done(); }));
      EXPECT_EQ(stopped.number(), ECANCELED);
      nothing_lost();
    }

    std::stop_source stopped_before;
    stopped_before.request_stop();
    auto never = contract::begin(start().stopped_by(stopped_before.get_token()));
    EXPECT_TRUE(crank_until([&] { return never.done(); }));
    EXPECT_EQ(never.number(), ECANCELED);
    nothing_lost();
  }
};
CONTRACT_FOR_KERNEL(interrupted);

TEST_P(interrupted, EveryReadOfAFifo) {
  fifo other(path("fifo"), O_RDWR);
  file f = opened("fifo", "rb");
  std::string into(100, '?');
  const auto span = std::as_writable_bytes(std::span(into));
  const auto nothing_lost = [&] {
    other.write("line\n");
    run([&]() -> task<> { EXPECT_EQ(co_await f.readline(), "line\n"); });
  };
  ends_early([&] { return f.read(); }, nothing_lost);
  ends_early([&] { return f.read(3); }, nothing_lost);
  ends_early([&] { return f.read_some(3); }, nothing_lost);
  ends_early([&] { return f.readline(); }, nothing_lost);
  ends_early([&] { return f.next_lines(); }, nothing_lost);
  ends_early([&] { return f.readlines(); }, nothing_lost);
  ends_early([&] { return f.readinto(span); }, nothing_lost);
  EXPECT_TRUE(loop().idle());
}

TEST_P(interrupted, AHalfReadCallGivesItsBytesBack) {
  fifo other(path("fifo"), O_RDWR);
  file f = opened("fifo", "r");
  for (int round = 0; round < 3; ++round) {
    other.write("half a li");
    auto line = begin(f.readline().within(2ms));
    auto count = begin(f.read(100).within(2ms));
    auto rest = begin(f.read().within(2ms));
    auto lines = begin(f.readlines().within(2ms));
    EXPECT_TRUE(crank_until([&] { return lines.done() && rest.done() && count.done(); }));
    EXPECT_TRUE(line.failed() && count.failed() && rest.failed() && lines.failed());
    other.write("ne\n");
    run([&]() -> task<> { EXPECT_EQ(co_await f.readline(), "half a line\n"); });
  }
}

TEST_P(interrupted, CallsThatWaitBehindAnother) {
  fifo other(path("fifo"), O_RDWR);
  file f = opened("fifo", "rb");
  auto first = begin(f.read(4));
  ends_early([&] { return f.read(1); });
  ends_early([&] { return f.flush(); });
  ends_early([&] { return f.close(); });
  EXPECT_FALSE(first.done());
  other.write("12345");
  EXPECT_TRUE(crank_until([&] { return first.done(); }));
  EXPECT_EQ(first.take(), "1234");
  run([&]() -> task<> { EXPECT_EQ(co_await f.read(1), "5"); });
}

TEST_P(interrupted, AWriteIntoAFullPipe) {
  fifo other(path("fifo"), O_RDWR);
  file f = opened("fifo", "wb");
  const std::string large = pattern(400'000);
  auto write = begin(f.write(large).within(10ms));
  EXPECT_TRUE(crank_until([&] { return write.done(); }));
  EXPECT_EQ(write.number(), ETIMEDOUT);
  std::string seen;
  auto closed = begin(f.close());
  EXPECT_TRUE(crank_until([&] {
    seen += other.take();
    return closed.done();
  }));
  seen += other.take();
  EXPECT_BYTES(seen, large) << "it had begun, so it happens whole";
}

TEST_P(interrupted, AFlushIntoAFullPipe) {
  fifo other(path("fifo"), O_RDWR);
  file f = opened("fifo", "wb");
  std::string expected;
  const auto fill = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) {
      const std::string part = pattern(30'000, expected.size());
      try {
        co_await f.write(part).within(0ns);
        expected += part;
      } catch (const error&) {
      }
    }
  };
  run([&] { return fill(); });
  ends_early([&] { return f.flush(); });
  std::string seen;
  auto flushed = begin(f.flush());
  EXPECT_TRUE(crank_until([&] {
    seen += other.take();
    return flushed.done();
  }));
  flushed.take();
  seen += other.take();
  EXPECT_BYTES(seen, expected);
}

TEST_P(interrupted, AnOpenThatWaitsForTheOtherEnd) {
  fifo other(path("fifo"), O_RDWR);
  other.close();
  ends_early([&] { return open("fifo", "rb"); });
  ends_early([&] { return open("fifo", "wb"); });
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
}

TEST_P(interrupted, Sleeping) {
  ends_early([&] { return sleep_for(1h); });
  const auto start = std::chrono::steady_clock::now();
  run([&]() -> task<> { co_await sleep_for(10ms).within(1h); });
  EXPECT_GE(std::chrono::steady_clock::now() - start, 10ms);
}

TEST_P(interrupted, JobsGoOnWithoutTheirCaller) {
  std::atomic<int> ended = 0;
  std::atomic<bool> left_alone = false;
  auto job = begin(offload([&] {
                     while (!left_alone) std::this_thread::sleep_for(1ms);
                     ++ended;
                   }).within(100ms));
  EXPECT_TRUE(crank_until([&] { return job.done(); }));
  EXPECT_EQ(job.number(), ETIMEDOUT);
  EXPECT_EQ(ended, 0);
  left_alone = true;
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  EXPECT_EQ(ended, 1);
}

// ---- Where the race is real: cached, cold, on its way, or over
// -----------------------------------

TEST_P(interrupted, ReadsOfAFileAtAnyMoment) {
  put("a", pattern(2'000'000));
  file f = opened("a", "rb");
  std::string seen;
  for (int round = 0; seen.size() < 2'000'000; ++round) {
    if (round % 8 == 0) make_cold("a");
    auto part = begin(f.read(30'000).within(std::chrono::microseconds(round * 7 % 60)));
    auto at = begin(f.read_at(500'000, 9000).within(std::chrono::microseconds(round * 5 % 60)));
    ASSERT_TRUE(crank_until([&] { return part.done() && at.done(); }));
    if (!part.failed()) seen += part.take();
    const bool whole = at.failed() || at.take() == pattern(9000, 500'000);
    EXPECT_TRUE(whole);
    if (round > 2000)  // a machine so slow that no deadline is met
      seen += run([&]() -> task<std::string> { co_return co_await f.read(30'000); });
  }
  EXPECT_BYTES(seen, pattern(2'000'000));
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  EXPECT_EQ(loop().stats().parked, 0U);
  EXPECT_EQ(loop().stats().parked_bytes, 0U);
}

TEST_P(interrupted, WritesHappenWholeOrNotAtAll) {
  std::vector<begun<std::size_t>> writes;
  constexpr std::size_t bytes = 300'000;
  {
    file f = opened("a", "wb");
    for (int i = 0; i < 40; ++i) {
      auto write = f.write(std::string(bytes, static_cast<char>('A' + i)));
      writes.push_back(begin(std::move(write).within(std::chrono::microseconds(i * 50))));
    }
    auto closed = begin(f.close());
    EXPECT_TRUE(crank_until([&] { return closed.done(); }));
    closed.take();
  }
  const std::string content = get("a").value_or("");
  ASSERT_EQ(content.size() % bytes, 0U);
  char before = 0;
  std::size_t found = 0;
  for (std::size_t at = 0; at < content.size(); at += bytes, ++found) {
    EXPECT_EQ(content.substr(at, bytes), std::string(bytes, content[at]));
    EXPECT_GT(content[at], before) << "in order, none twice";
    before = content[at];
  }
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const char letter = static_cast<char>('A' + static_cast<int>(i));
    EXPECT_TRUE(writes[i].failed() || content.find(letter) != std::string::npos) << letter;
  }
}

class stopped_before : public suite {};
CONTRACT_FOR_ALL(stopped_before);

TEST_P(stopped_before, NothingIsServedNotEvenFromMemory) {
  put("a", "one\ntwo\n");
  std::stop_source source;
  source.request_stop();
  const auto stopped = source.get_token();
  run([&]() -> task<> {
    file f = co_await open("a", "r+");
    EXPECT_EQ(co_await f.readline(), "one\n");
    const auto before = loop().stats().cancelled;
    co_await expect_error(f.readline().stopped_by(stopped), ECANCELED, "readline", path("a"));
    co_await expect_error(f.read().stopped_by(stopped), ECANCELED, "read", path("a"));
    co_await expect_error(f.read_at(0, 3).stopped_by(stopped), ECANCELED, "read_at", path("a"));
    co_await expect_error(f.write("x").stopped_by(stopped), ECANCELED, "write", path("a"));
    co_await expect_error(f.seek(0).stopped_by(stopped), ECANCELED, "seek", path("a"));
    co_await expect_error(f.close().stopped_by(stopped), ECANCELED, "close", path("a"));
    co_await expect_error(open("new", "w").stopped_by(stopped), ECANCELED, "open", path("new"));
    co_await expect_error(sleep_for(0ns).stopped_by(stopped), ECANCELED, "sleep_for", "");
    EXPECT_EQ(loop().stats().cancelled, before + 8);
    EXPECT_EQ(co_await f.read().stopped_by(std::stop_source().get_token()), "two\n");
    EXPECT_EQ(co_await f.tell().within(0ns), 8U) << "what is at hand needs no time";
  });
  EXPECT_EQ(get("a"), "one\ntwo\n");
  EXPECT_EQ(get("new"), std::nullopt);
}

TEST_P(interrupted, CancelledOpensLeakNothing) {
  put("a", "x");
  for (int round = 0; round < 300; ++round) {
    auto opening = begin(
        open("new" + std::to_string(round % 7), "w").within(std::chrono::microseconds(round)));
    auto cached = begin(open("a", "r").within(0ns));
    ASSERT_TRUE(crank_until([&] { return opening.done() && cached.done(); }));
  }
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  std::size_t left = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    char target[512] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    if (::readlink(link.c_str(), target, sizeof target - 1) > 0)
      left += std::string_view(target).starts_with(path("")) ? 1 : 0;
  }
  EXPECT_EQ(left, 0U);
}

}  // namespace
}  // namespace ringfiles::contract
