// fork(2) in the middle of work: parent and child both go on.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class forked : public suite {
 protected:
  /// Runs `body` in a child; true if it returned true there within ten seconds.
  static bool in_child(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(10);
      bool good = false;
      try {
        good = body() && !HasFailure();
      } catch (...) {
      }
      ::_exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  void SetUp() override {
    if (with_tsan) GTEST_SKIP() << "ThreadSanitizer allows no threads after fork";
    suite::SetUp();
  }
};
CONTRACT_FOR_KERNEL(forked);

TEST_P(forked, ParentAndChildBothGoOn) {
  put("a", pattern(2'000'000));
  file f = opened("a", "rb");
  make_cold("a");
  std::vector<begun<std::string>> reads;
  for (std::uint64_t i = 0; i < 100; ++i) reads.push_back(begin(f.read_at(i * 20'000, 5000)));
  EXPECT_TRUE(in_child([&] {
    bool all_ended = crank_until([&] {
      for (auto& read : reads)
        if (!read.done()) return false;
      return true;
    });
    for (std::uint64_t i = 0; i < 100; ++i)
      all_ended = all_ended &&
                  (reads[i].number() == ECANCELED || reads[i].take() == pattern(5000, i * 20'000));
    make_cold("a");
    return all_ended && run([&]() -> task<bool> {
             file g = co_await open("a", "rb");
             const bool fresh = co_await g.read() == pattern(2'000'000);
             co_return fresh&& co_await f.read_at(7, 9000) == pattern(9000, 7);
           });
  }));
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_BYTES(reads[i].take(), pattern(5000, i * 20'000));
}

TEST_P(forked, BufferedBytesAreWrittenOnceByTheParent) {
  file closed = opened("closed", "w"), dropped = opened("dropped", "w"), used = opened("used", "w");
  run([&]() -> task<> {
    for (file* f : {&closed, &dropped, &used}) co_await f->write("parent ");
  });
  EXPECT_TRUE(in_child([&] {
    dropped = file();
    run([&]() -> task<> {
      co_await closed.close();
      co_await used.write("child");  // behind what the parent is to write
      co_await used.close();
    });
    return crank_until([&] { return loop().idle(); });
  }));
  EXPECT_EQ(get("closed"), "");
  EXPECT_EQ(get("dropped"), "");
  EXPECT_EQ(get("used"), std::string(7, '\0') + "child");
  run([&]() -> task<> {
    for (file* f : {&closed, &dropped, &used}) co_await f->close();
  });
  EXPECT_EQ(get("closed"), "parent ");
  EXPECT_EQ(get("dropped"), "parent ");
  EXPECT_EQ(get("used"), "parent child");
}

TEST_P(forked, InTheMiddleOfFastWriters) {
  constexpr std::size_t piece = 256 * 1024, count = 40, writers = 6;
  const std::string content = pattern(piece * count);
  std::vector<file> files;
  for (std::size_t i = 0; i < writers; ++i) files.push_back(opened(std::to_string(i), "wb"));
  for (std::size_t i = 0; i < count; i += 8) {
    std::vector<begun<std::size_t>> writes;
    for (file& f : files)
      for (std::size_t j = i; j < i + 8; ++j)
        writes.push_back(begin(f.write(std::string_view(content).substr(j * piece, piece))));
    std::this_thread::sleep_for(10ms);  // the pool's threads end blocks that nobody looks at yet
    EXPECT_TRUE(in_child([&] {
      bool good = true;
      for (file& f : files) {
        auto closed = begin(f.close());
        good = good && crank_until([&] { return closed.done(); }) && closed.number() == 0;
      }
      return good;
    }));
    for (auto& write : writes) EXPECT_TRUE(crank_until([&] { return write.done(); }));
  }
  for (std::size_t i = 0; i < writers; ++i) {
    run([&]() -> task<> { co_await files[i].close(); });
    EXPECT_BYTES(get(std::to_string(i)), content);
  }
}

TEST_P(forked, WhatIsInFlightSaysSoInTheChild) {
  ::mkfifo(path("fifo").c_str(), 0600);
  const int other = ::open(path("fifo").c_str(), O_RDWR | O_CLOEXEC);
  std::atomic<bool> go = false;
  auto job = begin(offload([&] {
    while (!go) std::this_thread::sleep_for(1ms);
  }));
  EXPECT_TRUE(in_child([&] {
    if (!crank_until([&] { return job.done(); })) return false;
    return job.number() == ECANCELED;
  }));
  go = true;
  EXPECT_TRUE(crank_until([&] { return job.done(); }));
  job.take();
  ::close(other);
}

TEST_P(forked, ManyChildrenUseTheirOwnEngines) {
  put("a", pattern(300'000));
  file f = opened("a", "rb");
  for (int i = 0; i < 10; ++i) {
    auto pending = begin(f.read_at(static_cast<std::uint64_t>(i) * 1000, 300'000));
    EXPECT_TRUE(in_child([&] {
      engine fresh(options());
      return ringfiles::run(fresh, [&]() -> task<bool> {
        file g = co_await ringfiles::open(path("child" + std::to_string(i)), "w");
        co_await g.write(pattern(1'000'000).substr(0, 10) == pattern(10) ? "good" : "bad");
        co_await g.sync();
        co_await g.close();
        co_return true;
      }());
    }));
    EXPECT_TRUE(crank_until([&] { return pending.done(); }));
    EXPECT_EQ(get("child" + std::to_string(i)), "good");
  }
}

TEST_P(forked, TheDescriptorToWatchKeepsItsNumber) {
  const int before = loop().completion_fd();
  EXPECT_TRUE(in_child([&] {
    run([&]() -> task<> { co_await sleep_for(1ms); });
    return loop().completion_fd() == before;
  }));
}

TEST_P(forked, NothingIsInheritedByPrograms) {
  put("a", "x");
  file f = opened("a", "rb");
  file w = opened("b", "wb");
  run([&]() -> task<> {
    co_await w.write("x");
    co_await w.sync();
  });
  make_cold("a");
  run([&]() -> task<> { co_await f.read(); });
  int left = 0;
  for (int fd = 3; fd < 256; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    char target[256] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    if (flags < 0 || ::readlink(link.c_str(), target, sizeof target - 1) <= 0) continue;
    const std::string_view name(target);
    const bool ours = name.starts_with(path("")) || name.find("io_uring") != name.npos ||
                      name.find("event") != name.npos || name.find("timerfd") != name.npos;
    left += ours && (flags & FD_CLOEXEC) == 0 ? 1 : 0;
  }
  EXPECT_EQ(left, 0);
}

TEST_P(forked, AChildIsNotToldThatItHasWrittenWhatItsParentWrites) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  adopt_options raw;
  raw.buffering = buffering::none;
  file f = adopt(loop(), ends[1], "wb", raw);
  auto writing = begin(f.write(std::string(150'000, 'x')));
  crank();
  ASSERT_FALSE(writing.done()) << "the pipe is full";
  const pid_t child = ::fork();
  if (child == 0) {
    const bool ended = crank_until([&] { return writing.done(); });
    ::_exit(ended && writing.number() == ECANCELED ? 0 : 1);
  }
  std::string part(60'000, '\0');
  std::size_t count = 0;
  EXPECT_TRUE(crank_until([&] {
    if (count < 150'000) {
      const ssize_t some = ::read(ends[0], part.data(), part.size());
      count += some > 0 ? static_cast<std::size_t>(some) : 0;
    }
    return writing.done() && count >= 150'000;
  }));
  EXPECT_EQ(count, 150'000U) << "once";
  EXPECT_EQ(writing.take(), 150'000U);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  run([&]() -> task<> { co_await f.close(); });
  ::close(ends[0]);
}

}  // namespace
}  // namespace ringfiles::contract
