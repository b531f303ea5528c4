// Which rung served, and the yield budget: what is in memory comes at once, but never for ever.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class ladder : public suite {
 protected:
  /// Counts what `body` had served by each rung.
  template <class Body>
  statistics served_by(Body body) {
    const statistics before = loop().stats();
    run(body);
    statistics counted = loop().stats();
    for (std::size_t i = 0; i < rung_count; ++i) counted.served[i] -= before.served[i];
    return counted;
  }
  /// The same of opening "a", doing `meanwhile` and closing it.
  template <class Meanwhile>
  statistics served_by_a_visit(Meanwhile meanwhile) {
    return served_by([&]() -> task<> {
      file f = co_await open("a", "rb");
      meanwhile();
      co_await f.close();
    });
  }
  bool on_ext4() const {
    struct statfs about{};
    constexpr long ext4 = 0xef53;
    return on_kernel() && ::statfs(path("").c_str(), &about) == 0 && about.f_type == ext4;
  }
  /// RESOLVE_CACHED: an open(2) that fails rather than wait for a lookup (Linux 5.12).
  bool knows_cached_paths() const {
    if (!on_kernel()) return true;
    open_how how{.flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_CACHED};
    const long fd = ::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
    if (fd >= 0) ::close(static_cast<int>(fd));
    return fd >= 0;
  }
  rung inline_rung() const { return on_kernel() ? rung::inlined : rung::memory; }
};
CONTRACT_FOR_ALL(ladder);

TEST_P(ladder, ACachedReadIsServedInline) {
  put("a", pattern(8192));
  file f = opened("a", "rb");
  const auto counted = served_by([&]() -> task<> { co_await f.read_at(0, 4096); });
  EXPECT_EQ(counted[inline_rung()], 1U);
  EXPECT_EQ(counted[rung::pool] + counted[rung::ring], 0U);
}

TEST_P(ladder, ABufferedReadIsServedByTheBuffer) {
  put("a", pattern(8192));
  file f = opened("a", "rb");
  run([&]() -> task<> { co_await f.read(1); });
  const auto counted = served_by([&]() -> task<> {
    co_await f.read(100);
    co_await f.readline(10);
    co_await f.read_some(10);
    std::string into(10, '?');
    co_await f.readinto(std::as_writable_bytes(std::span(into)));
  });
  EXPECT_EQ(counted[rung::buffer], 4U);
  EXPECT_EQ(counted[inline_rung()] + counted[rung::pool] + counted[rung::ring], 0U);
}

TEST_P(ladder, LinesComeFromTheBuffer) {
  std::string content;
  for (int i = 0; i < 1000; ++i) content += "0123456789\n";
  put("a", content);
  file f = opened("a", "r");
  const auto counted = served_by([&]() -> task<> {
    while (co_await f.readline()) {
    }
  });
  EXPECT_GE(counted[rung::buffer], 999U);
  EXPECT_LE(counted[inline_rung()] + counted[rung::pool], 3U);
}

TEST_P(ladder, SmallWritesAreServedByTheBuffer) {
  file f = opened("a", "w");
  const auto counted = served_by([&]() -> task<> {
    for (int i = 0; i < 100; ++i) co_await f.write("x");
  });
  EXPECT_EQ(counted[rung::buffer], 100U);
  EXPECT_EQ(counted[inline_rung()] + counted[rung::pool] + counted[rung::ring], 0U);
}

TEST_P(ladder, ALargeReadIsNotCopiedOnTheLoop) {
  put("a", pattern(2'000'000));
  file f = opened("a", "rb");
  const auto counted = served_by([&]() -> task<> { co_await f.read_at(0, 1'000'000); });
  EXPECT_EQ(counted[rung::inlined], 0U);
}

TEST_P(ladder, AKnownPathIsOpenedInline) {
  if (!knows_cached_paths()) GTEST_SKIP() << "no openat2(2) here with RESOLVE_CACHED";
  put("a", "x");
  opened("a", "r");
  const auto counted = served_by_a_visit([] {});
  EXPECT_EQ(counted[inline_rung()], 2U) << "the open and the close";
  EXPECT_EQ(counted[rung::pool], 0U);
}

/// What has to wait for a local disk: the ring serves it where there is one, else the pool.
class ladder_of_a_disk : public ladder {
 protected:
  void SetUp() override {
    ladder::SetUp();
    if (!IsSkipped() && !on_ext4())
      GTEST_SKIP() << "known for ext4 only: " << path("") << " is not";
  }
  rung waiting_rung() { return loop().backend() == backend_kind::uring ? rung::ring : rung::pool; }
};
CONTRACT_FOR_KERNEL(ladder_of_a_disk);

TEST_P(ladder_of_a_disk, AColdReadIsServedByTheRingOrElseByThePool) {
  put("a", pattern(1 << 20));
  file f = opened("a", "rb");
  make_cold("a");
  std::string first;
  const auto counted = served_by([&]() -> task<> { first = co_await f.read_at(512 * 1024, 4096); });
  EXPECT_BYTES(first, pattern(4096, 512 * 1024));
  EXPECT_EQ(counted[waiting_rung()], 1U);
  EXPECT_EQ(counted[rung::ring] + counted[rung::pool], 1U);
}

// An inline open leaves O_NONBLOCK on the descriptor, with which the ring would fail.
TEST_P(ladder_of_a_disk, AColdReadOfWhatWasOpenedInlineIsServedByTheRingToo) {
  put("a", pattern(1 << 20));
  opened("a", "rb");
  file f = opened("a", "rb");
  make_cold("a");
  std::string first;
  const auto counted = served_by([&]() -> task<> { first = co_await f.read_at(512 * 1024, 4096); });
  EXPECT_BYTES(first, pattern(4096, 512 * 1024));
  EXPECT_EQ(counted[waiting_rung()], 1U);
}

TEST_P(ladder_of_a_disk, TheDescriptorThatIsGivenOutWaits) {
  put("a", "x");
  opened("a", "rb");
  const file f = opened("a", "rb");
  EXPECT_EQ(::fcntl(f.native_handle(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_P(ladder_of_a_disk, ALargeDeletedFileIsClosedByThePool) {
  if (!knows_cached_paths()) GTEST_SKIP() << "no openat2(2) here with RESOLVE_CACHED";
  put("a", pattern(4 << 20));
  opened("a", "rb");
  const auto closed = served_by_a_visit([&] { ::unlink(path("a").c_str()); });
  EXPECT_EQ(closed[rung::pool], 1U);
}

TEST_P(ladder_of_a_disk, ADeletedFileThatMayHaveGrownIsClosedByThePool) {
  if (!knows_cached_paths()) GTEST_SKIP() << "no openat2(2) here with RESOLVE_CACHED";
  put("a", "x");
  opened("a", "rb");
  const auto closed = served_by_a_visit([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::unlink(path("a").c_str());
  });
  EXPECT_EQ(closed[rung::pool], 1U);
}

TEST_P(ladder_of_a_disk, ASyncIsServedByTheRingOrElseByThePool) {
  file f = opened("a", "w");
  const auto counted = served_by([&]() -> task<> { co_await f.sync(); });
  EXPECT_EQ(counted[waiting_rung()], 1U);
  EXPECT_EQ(counted[rung::ring] + counted[rung::pool], 1U);
}

TEST_P(ladder, TheReportNamesTheBackEnd) {
  const backend_choice choice = backend_report();
  EXPECT_FALSE(choice.why.empty());
  EXPECT_NE(describe(choice).find(to_string(choice.kind)), std::string::npos);
  if (GetParam() == backend_kind::uring) {
    EXPECT_EQ(loop().backend(), choice.kind);
  }
}

// ---- The yield budget: a coroutine that only ever hits lets its neighbour run
// --------------------

class yielding : public suite {
 protected:
  /// Runs `call` in a loop until a neighbour has had its turn; false when it never got one.
  template <class Call>
  bool lets_neighbour_run(Call call) {
    bool ran = false;
    int left = 200'000;
    const auto neighbour = [&]() -> task<> {
      co_await sleep_for(0ns);
      ran = true;
    };
    const auto greedy = [&]() -> task<> {
      for (; !ran && left > 0; --left) co_await call();
    };
    std::vector<task<>> both;
    both.push_back(neighbour());
    both.push_back(greedy());
    ringfiles::run(loop(), gather(std::move(both)));
    return left > 0;
  }
};
CONTRACT_FOR_ALL(yielding);

TEST_P(yielding, WhoeverReadsFromTheBuffer) {
  put("a", pattern(60'000));
  file f = opened("a", "rb");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> {
    co_await f.read(1);
    if (co_await f.tell() > 50'000) co_await f.seek(0);
  }));
}

TEST_P(yielding, WhoeverReadsNothing) {
  put("a", "x");
  file f = opened("a", "rb");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.read(0); }));
  run([&]() -> task<> { co_await f.read(); });
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.read(); })) << "at the end";
}

TEST_P(yielding, WhoeverReadsAtAPlace) {
  put("a", "0123456789");
  file f = opened("a", "rb");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.read_at(3, 4); }));
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.read_at(3, 0); }));
}

TEST_P(yielding, WhoeverAsksForThePosition) {
  put("a", "x");
  file f = opened("a", "rb");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.tell(); }));
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.seek(0); }));
}

TEST_P(yielding, WhoeverWritesSmallBits) {
  file f = opened("a", "wb");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.write("x"); }));
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.write(""); }));
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.write_at(0, ""); }));
}

TEST_P(yielding, WhoeverFlushesAnEmptyBuffer) {
  file f = opened("a", "wb");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await f.flush(); }));
}

TEST_P(yielding, WhoeverOpensAndCloses) {
  put("a", "x");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> {
    file f = co_await open("a", "r");
    co_await f.close();
  }));
}

TEST_P(yielding, WhoeverFails) {
  file f = opened("a", "wb");
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await error_of(f.read()); }));
  EXPECT_TRUE(lets_neighbour_run([&]() -> task<> { co_await error_of(open("none", "r")); }));
}

TEST_P(yielding, TurnsStayShort) {
  put("a", pattern(1'000'000));
  file g = opened("a", "rb");
  run([&]() -> task<> {
    for (int i = 0; i < 20; ++i) {
      co_await g.seek(0);
      while (!(co_await g.read(1000)).empty()) {
      }
    }
  });
  const statistics stats = loop().stats();
  EXPECT_GT(stats.yields, 0U);
  if (sanitized) return;
  EXPECT_LT(stats.longest_turn_ns, 100'000'000U) << "one turn held the loop";
}

}  // namespace
}  // namespace ringfiles::contract
