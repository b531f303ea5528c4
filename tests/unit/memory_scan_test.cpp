// Scans and written sources, cancelled and failed at each point at which they can wait.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <stdexcept>

#include "unit/memory_cancelling.hpp"
#include "unit/scanners.hpp"

namespace ringfiles::testing {
namespace {

constexpr std::size_t file_bytes = 900'000;

const std::string& content() {
  static const std::string bytes = pattern(file_bytes);
  return bytes;
}

class cancelled_scans : public cancelling {
 protected:
  /// What was not delivered is there for the next read, each byte once.
  void consumes_all_or_nothing(std::size_t limit, scan_verdict by, bool works) {
    SCOPED_TRACE("limit " + std::to_string(limit));
    at_every_point(
        [](memory_rig& rig) {
          rig.disk->put("a", content());
          return one(rig.opened("a", "rb"));
        },
        [=](memory_rig&, file_list& files) {
          return scan(files[0], std::make_unique<gathering>(limit, by, works));
        },
        [](memory_rig& rig, file_list& files, auto& ended) {
          std::string seen;
          if (const auto value = value_of(ended)) seen = text_of(*value);
          rig.run([&]() -> task<> {
            const std::uint64_t at = co_await files[0].tell();
            EXPECT_EQ(at, seen.size());
            seen += co_await files[0].read();
          });
          EXPECT_TRUE(seen == content()) << seen.size() << " bytes";
        });
  }
};
CANCELLED_IN_ALL_WAYS(cancelled_scans);

TEST_P(cancelled_scans, ThroughTheBuffer) {
  for (const std::size_t limit : {1'000U, 200'000U, 2'000'000U})
    consumes_all_or_nothing(limit, scan_verdict::more, false);
}

TEST_P(cancelled_scans, IntoRoomOfTheirOwn) {
  for (const std::size_t limit : {20'000U, 300'000U, 900'000U, 2'000'000U})
    consumes_all_or_nothing(limit, scan_verdict::direct, false);
}

TEST_P(cancelled_scans, WhileTheyWork) {
  consumes_all_or_nothing(1'000, scan_verdict::more, true);
  consumes_all_or_nothing(600'000, scan_verdict::direct, true);
}

class cancelled_sources : public cancelling {};
CANCELLED_IN_ALL_WAYS(cancelled_sources);

// Whole or not at all, before what was called after it; also what a spent budget interrupts.
TEST_P(cancelled_sources, GoOnToTheEndOrNeverBegin) {
  for (const std::size_t each : {1'000U, 40'000U, 300'000U}) {
    for (const std::size_t buffer : {0U, 4'096U}) {
      SCOPED_TRACE(std::to_string(each) + " of a buffer of " + std::to_string(buffer));
      at_every_point(
          [=](memory_rig& rig) { return one(rig.opened("a", "wb", {.buffer_bytes = buffer})); },
          [=](memory_rig&, file_list& files) { return write_portions(files[0], content(), each); },
          [](memory_rig& rig, file_list& files, auto& ended) {
            rig.run([&]() -> task<> {
              co_await files[0].write("end");
              co_await files[0].close();
            });
            const std::string left = rig.disk->get("a").value_or("");
            const bool whole = left == content() + "end";
            EXPECT_TRUE(whole || (left == "end" && (!ended.done() || ended.failed())))
                << left.size() << " bytes";
          });
    }
  }
}

// The first portions are taken at once, then the budget is spent; the caller goes before the rest.
TEST(sources, WhatWasTakenAtOnceIsNotLeftHalf) {
  memory_rig rig;
  file f = rig.opened("a", "wb");
  rig.turn();
  std::stop_source stop;
  auto running = begin(write_portions(f, pattern(8'000'000), 50'000).stopped_by(stop.get_token()));
  ASSERT_FALSE(running.done()) << "all within one budget";
  stop.request_stop();
  rig.crank();
  EXPECT_EQ(running.number(), ECANCELED);
  rig.run([&]() -> task<> { co_await f.close(); });
  EXPECT_TRUE(rig.disk->get("a") == pattern(8'000'000)) << rig.disk->get("a")->size() << " bytes";
}

TEST(sources, ACallAfterThemComesAfterThem) {
  memory_rig rig;
  file f = rig.opened("a", "wb");
  rig.hold_everything();
  auto first = begin(write_portions(f, pattern(400'000), 30'000));
  auto second = begin(f.write("end"));
  EXPECT_FALSE(second.done());
  std::mt19937_64 random;
  rig.let_go(order::forward, random);
  rig.run([&]() -> task<> { co_await f.close(); });
  EXPECT_TRUE(rig.disk->get("a") == pattern(400'000) + "end");
}

TEST(sources, AFailureEndsThemAndLeavesABeginning) {
  for (std::size_t nth = 1; nth <= 4; ++nth) {
    memory_rig rig;
    file f = rig.opened("a", "wb");
    rig.disk->fail(opcode::write, ENOSPC, nth);
    auto writing = begin(write_portions(f, pattern(400'000), 30'000));
    rig.crank();
    EXPECT_EQ(writing.number(), ENOSPC) << nth;
    rig.run([&]() -> task<> { co_await f.close(); });
    const std::string left = rig.disk->get("a").value();
    EXPECT_TRUE(left == pattern(left.size())) << nth;
    EXPECT_LT(left.size(), 400'000U);
  }
}

// Nobody else is left who could be told: the next call is.
TEST(sources, AFailureAfterTheCallerIsGoneIsDeferred) {
  memory_rig rig;
  file f = rig.opened("a", "wb");
  rig.hold_everything();
  std::stop_source stop;
  auto writing = begin(write_portions(f, pattern(400'000), 30'000).stopped_by(stop.get_token()));
  stop.request_stop();
  rig.crank();
  EXPECT_EQ(writing.number(), ECANCELED);
  rig.disk->fail(opcode::write, EIO);
  std::mt19937_64 random;
  rig.let_go(order::forward, random);
  auto flush = begin(f.flush());
  rig.crank();
  EXPECT_EQ(flush.number(), EIO);
}

// The parent writes what it began; the child's copy of the call must not do so again.
TEST(sources, AreThoseOfTheParentAfterAFork) {
  memory_rig rig;
  file f = rig.opened("a", "wb");
  rig.hold_everything();
  auto writing = begin(write_portions(f, pattern(400'000), 30'000));
  const pid_t child = ::fork();
  if (child == 0) {
    std::mt19937_64 random;
    rig.let_go(order::forward, random);
    ::_exit(writing.done() && writing.failed() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  std::mt19937_64 random;
  rig.let_go(order::forward, random);
  EXPECT_TRUE(writing.done() && !writing.failed());
}

// ---- Scanners that misbehave --------------------------------------------------------------------

struct throwing : gathering {
  throwing(scan_verdict by, bool when_filled) : gathering(600'000, by), when_filled_(when_filled) {}
  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    const scan_verdict said = gathering::take(bytes, final, used);
    if (!when_filled_ && ++looks_ == 3) throw std::runtime_error("no");
    return said;
  }
  void filled(std::size_t) override { throw std::bad_alloc(); }
  bool when_filled_;
  int looks_ = 0;
};

TEST(scans, WhatAScannerThrowsIsForItsCaller) {
  memory_rig rig;
  rig.disk->put("a", content());
  file f = rig.opened("a", "rb");
  rig.run([&]() -> task<> {
    bool thrown = false;
    try {
      co_await scan(f, std::make_unique<throwing>(scan_verdict::more, false));
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    const std::uint64_t at = co_await f.tell();
    EXPECT_EQ(at, 0U);
  });
}

TEST(scans, MemoryThatLacksWhenARequestEndsFailsTheScanOnly) {
  for (const bool held : {false, true}) {
    memory_rig rig;
    rig.disk->put("a", content());
    file f = rig.opened("a", "rb");
    if (held) rig.hold_everything();
    auto scanning = begin(scan(f, std::make_unique<throwing>(scan_verdict::direct, true)));
    std::mt19937_64 random;
    rig.let_go(order::forward, random);
    EXPECT_EQ(scanning.number(), ENOMEM);
    rig.run([&]() -> task<> {
      const std::string all = co_await f.read();
      EXPECT_TRUE(all == content());
    });
  }
}

/// Ends its own caller when it is asked so often, as a garbage collection may that it causes.
struct ending : gathering {
  ending(int looks, std::function<void()> caller_ends)
      : gathering(500'000), looks_(looks), caller_ends_(std::move(caller_ends)) {}
  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    if (--looks_ == 0) caller_ends_();
    return gathering::take(bytes, final, used);
  }
  int looks_;
  std::function<void()> caller_ends_;
};

TEST(scans, MayEndTheirOwnCaller) {
  for (const int looks : {1, 2, 3}) {
    memory_rig rig;
    rig.disk->put("a", pattern(file_bytes));
    file f = rig.opened("a", "rb");
    rig.hold_everything();
    auto first = begin(f.read(300'000));
    std::optional<begun<std::unique_ptr<scanner>>> own;
    own.emplace(begin(scan(f, std::make_unique<ending>(looks, [&] { own->destroy(); }))));
    auto behind = begin(f.read(5));
    std::mt19937_64 random;
    rig.let_go(order::forward, random);
    EXPECT_FALSE(own->done());
    EXPECT_TRUE(behind.take() == pattern(5, 300'000)) << looks;
  }
}

struct ending_source : portions {
  explicit ending_source(std::function<void()> caller_ends)
      : portions("text", 4), caller_ends_(std::move(caller_ends)) {}
  bool next(std::string_view& portion) override {
    caller_ends_();
    return portions::next(portion);
  }
  std::function<void()> caller_ends_;
};

TEST(sources, MayEndTheirOwnCallerAndHaveNotBegun) {
  memory_rig rig;
  file f = rig.opened("a", "wb");
  rig.hold_everything();
  auto first = begin(f.write(pattern(400'000)));
  std::optional<begun<std::unique_ptr<source>>> own;
  own.emplace(begin(write_from(f, std::make_unique<ending_source>([&] { own->destroy(); }))));
  auto behind = begin(f.write("end"));
  std::mt19937_64 random;
  rig.let_go(order::forward, random);
  rig.run([&]() -> task<> { co_await f.close(); });
  EXPECT_FALSE(own->done());
  EXPECT_TRUE(behind.done());
  EXPECT_TRUE(rig.disk->get("a") == pattern(400'000) + "end");
}

/// Two reads end in one turn; the caller of the first ends that of the second, which was not told
/// yet, while `third` is under way behind them.
template <class Third, class Check>
void second_of_three_is_dropped(const char* mode, Third third, Check check) {
  memory_rig rig;
  rig.disk->put("a", pattern(file_bytes));
  file f = rig.opened("a", mode);
  rig.hold_everything();
  std::optional<begun<std::string>> second;
  operation<std::string> first = f.read(10);
  ASSERT_FALSE(first.call()->try_now());
  first.call()->start({[](void* doomed) noexcept {
                         static_cast<std::optional<begun<std::string>>*>(doomed)->reset();
                       },
                       &second});
  second.emplace(begin(f.read(65'536 - 10)));
  auto behind = begin(third(f));
  std::mt19937_64 random;
  rig.let_go(order::forward, random);
  ASSERT_FALSE(second.has_value());
  check(rig, f, behind);
}

TEST(scans, ReadAgainFromWhereBytesWereGivenBack) {
  second_of_three_is_dropped(
      "rb",
      [](file& f) { return scan(f, std::make_unique<gathering>(300'000, scan_verdict::direct)); },
      [](memory_rig& rig, file& f, auto& behind) {
        const std::string got = text_of(behind.take());
        const std::size_t from = got == pattern(300'000, 10) ? 10 : 65'536;
        EXPECT_TRUE(got == pattern(300'000, from));
        rig.run([&]() -> task<> {
          const std::string rest = co_await f.read();
          EXPECT_TRUE(rest == pattern(file_bytes - 300'000 - from, 300'000 + from));
        });
      });
}

TEST(reads, AWriteBehindADroppedOneStaysWhereItIs) {
  second_of_three_is_dropped(
      "r+b", [](file& f) { return f.write(std::string(300'000, 'x')); },
      [](memory_rig& rig, file& f, auto&) {
        rig.run([&]() -> task<> {
          EXPECT_EQ(co_await f.tell(), 365'536U);
          co_await f.write("end");
          co_await f.close();
        });
        EXPECT_TRUE(rig.disk->get("a") == pattern(65'536) + std::string(300'000, 'x') + "end" +
                                              pattern(file_bytes - 365'539, 365'539));
      });
}

struct insatiable : scanner {
  scan_verdict take(std::string_view bytes, bool, std::size_t& used) override {
    used = bytes.size();
    return scan_verdict::more;
  }
};

TEST(scans, EndAtTheEndWhateverTheyWant) {
  memory_rig rig;
  rig.disk->put("a", "text");
  file f = rig.opened("a", "rb");
  auto scanning = begin(scan(f, std::make_unique<insatiable>()));
  rig.crank();
  EXPECT_TRUE(scanning.done() && !scanning.failed());
}

/// Has room, and does not ask that it be filled.
struct undirected : gathering {
  undirected() : gathering(500'000, scan_verdict::direct) {}
  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    const scan_verdict said = gathering::take(bytes, final, used);
    return said == scan_verdict::direct ? scan_verdict::more : said;
  }
};

TEST(scans, RoomIsFilledOnlyWhenAskedFor) {
  memory_rig rig;
  rig.disk->put("a", content());
  file f = rig.opened("a", "rb");
  auto scanning = begin(scan(f, std::make_unique<undirected>()));
  rig.crank();
  const auto ended = scanning.take();
  EXPECT_EQ(static_cast<gathering&>(*ended).direct, 0U);
  EXPECT_TRUE(text_of(ended) == pattern(500'000));
}

TEST(scans, AFailedReadGivesBackWhatWasTaken) {
  for (const scan_verdict by : {scan_verdict::more, scan_verdict::direct}) {
    for (std::size_t nth = 1; nth <= 3; ++nth) {
      memory_rig rig;
      rig.disk->put("a", content());
      file f = rig.opened("a", "rb");
      rig.disk->refuse_inline(true);
      rig.disk->limit_transfers(100'000);
      rig.disk->fail(opcode::read, EIO, nth);
      auto scanning = begin(scan(f, std::make_unique<gathering>(800'000, by)));
      rig.crank();
      EXPECT_EQ(scanning.number(), EIO) << nth;
      rig.run([&]() -> task<> {
        const std::string all = co_await f.read();
        EXPECT_TRUE(all == content());
      });
    }
  }
}

}  // namespace
}  // namespace ringfiles::testing
