// What doors take from a file's buffers without a call, and the budget that bounds it.
#include <chrono>
#include <thread>

#include "engine/budget.hpp"
#include "ringfiles/detail/buffers.hpp"
#include "ringfiles/source.hpp"
#include "unit/memory_rig.hpp"

namespace ringfiles::testing {
namespace {

using detail::file_buffers;

class buffers : public ::testing::Test {
 protected:
  void fill(std::string content) {
    rig.disk->put("a", std::move(content));
    f = rig.opened("a", "r+b");
    rig.run([&]() -> task<> {
      co_await f.readline();
      co_await f.seek(0);
    });
    rig.turn();
  }
  memory_rig rig;
  file f;
};

TEST_F(buffers, GiveWholeLinesAndMoveThePosition) {
  fill("one\ntwo\nthree");
  file_buffers at_hand(f);
  EXPECT_EQ(at_hand.readable(), "one\ntwo\nthree");
  EXPECT_EQ(at_hand.whole_lines(newline::lf, 100).text(), "one\ntwo\n");
  EXPECT_EQ(at_hand.whole_lines(newline::lf, 1).text(), "one\n");
  EXPECT_EQ(at_hand.whole_lines(newline::lf, 0).text(), "one\n") << "and ends";
  at_hand.consume(4);
  EXPECT_EQ(at_hand.position(), 4U);
  rig.run([&]() -> task<> { EXPECT_EQ(co_await f.read(3), "two"); });
}

TEST_F(buffers, FetchWhatIsCached) {
  rig.disk->put("a", "one\ntwo\n");
  f = rig.opened("a", "r+b");
  file_buffers at_hand(f);
  EXPECT_EQ(at_hand.readable(), "");
  EXPECT_TRUE(at_hand.fetch());
  EXPECT_EQ(at_hand.readable(), "one\ntwo\n");
  EXPECT_FALSE(at_hand.fetch()) << "that was all";
  at_hand.consume(4);
  rig.run([&]() -> task<> { EXPECT_EQ(co_await f.read(), "two\n"); });
}

TEST_F(buffers, FetchNothingThatWouldWait) {
  rig.disk->put("a", "one\n");
  f = rig.opened("a", "r+b");
  file_buffers at_hand(f);
  rig.disk->refuse_inline(true);
  EXPECT_FALSE(at_hand.fetch());
  rig.run([&]() -> task<> { EXPECT_EQ(co_await f.read(2), "on"); });
}

TEST_F(buffers, FetchNothingWhileSomethingIsWritten) {
  fill("one\n");
  file_buffers at_hand(f);
  EXPECT_TRUE(at_hand.write("1"));
  EXPECT_FALSE(at_hand.fetch());
  rig.run([&]() -> task<> { EXPECT_EQ(co_await f.read(), "ne\n"); });
}

TEST_F(buffers, KeepBackAnUndecidedReturn) {
  fill("one\r\ntwo\r");
  EXPECT_EQ(file_buffers(f).whole_lines(newline::universal, 4).text(), "one\r\n");
}

TEST_F(buffers, GiveNothingWhileCallsWaitOrTheBudgetIsSpent) {
  fill("one\ntwo\n");
  file_buffers at_hand(f);
  rig.spend_budget();
  EXPECT_EQ(at_hand.readable(), "");
  EXPECT_FALSE(at_hand.write("x"));
  EXPECT_FALSE(at_hand.may_go_on());
  auto waiting = begin(f.read());
  EXPECT_EQ(at_hand.position(), std::nullopt);
  rig.crank();
  EXPECT_EQ(waiting.take(), "one\ntwo\n");
  EXPECT_EQ(at_hand.position(), 8U);
}

TEST_F(buffers, GiveNothingOfAFileThatIsClosedOrNone) {
  fill("one\n");
  file_buffers at_hand(f);
  rig.run([&]() -> task<> { co_await f.close(); });
  EXPECT_EQ(at_hand.readable(), "");
  EXPECT_FALSE(at_hand.write("x"));
  EXPECT_FALSE(file_buffers().may_go_on());
  EXPECT_EQ(file_buffers().readable(), "");
}

TEST_F(buffers, WriteAsAWriteWould) {
  fill("0123456789");
  file_buffers at_hand(f);
  at_hand.consume(2);
  EXPECT_TRUE(at_hand.write("ab"));
  EXPECT_EQ(at_hand.readable(), "") << "what is written comes first";
  EXPECT_FALSE(at_hand.write(std::string(100'000, 'x'))) << "all or nothing";
  EXPECT_EQ(at_hand.position(), 4U);
  rig.run([&]() -> task<> {
    EXPECT_EQ(co_await f.read(2), "45");
    co_await f.close();
  });
  EXPECT_EQ(rig.disk->get("a"), "01ab456789");
}

TEST_F(buffers, LeaveADeferredErrorToACall) {
  fill("0123");
  rig.disk->fail(opcode::write, ENOSPC);
  file_buffers at_hand(f);
  EXPECT_TRUE(at_hand.write(std::string(65'536, 'x')));
  EXPECT_FALSE(at_hand.write("y"));
  auto flush = begin(f.flush());
  rig.crank();
  EXPECT_EQ(flush.number(), ENOSPC);
}

TEST_F(buffers, ForgetWhatOthersMayHaveChanged) {
  fill("old\n");
  rig.disk->put("a", "old\n");
  file_buffers(f).forget();
  EXPECT_EQ(file_buffers(f).readable(), "");
  EXPECT_EQ(file_buffers(f).position(), 0U);
}

/// A first portion; asked again, it writes more by the file's buffers and settles the file.
class settling_source final : public source {
 public:
  settling_source(memory_rig& rig, file& to, std::string more, std::string& settled)
      : rig_(rig), buffers_(to), more_(std::move(more)), settled_(settled) {}

  bool next(std::string_view& portion) override {
    portion = std::exchange(first_, "");
    if (portion.empty()) settle();
    return !portion.empty();
  }

 private:
  void settle() {
    while (!buffers_.write_within(more_)) go_on();
    std::uint64_t position = 0;
    while (!buffers_.settle_within(position)) go_on();
    settled_ = rig_.disk->get("a").value_or("") + " at " + std::to_string(position);
  }
  void go_on() {
    if (!rig_.turn()) rig_.release(order::forward, random_);
  }

  memory_rig& rig_;
  file_buffers buffers_;
  std::string_view first_ = "first ";
  std::string more_;
  std::string& settled_;
  std::mt19937_64 random_{1};
};

TEST_F(buffers, AreSettledFromWithinASource) {
  for (const bool held : {false, true}) {
    for (const std::size_t size : {1UL, 200'000UL}) {
      fill("");
      if (held) rig.hold_everything();
      const std::string more(size, 'm');
      std::string settled;
      auto earlier = begin(f.write("earlier "));
      auto writing = begin(write_from(f, std::make_unique<settling_source>(rig, f, more, settled)));
      std::mt19937_64 random(2);
      rig.let_go(order::forward, random);
      ASSERT_TRUE(writing.done());
      EXPECT_EQ(settled, "earlier first " + more + " at " + std::to_string(14 + size));
    }
  }
}

TEST_F(buffers, ThatCannotBeSettledFromWithinASourceSayWhy) {
  fill("");
  rig.disk->fail(opcode::write, ENOSPC);
  std::string settled;
  auto writing = begin(write_from(f, std::make_unique<settling_source>(rig, f, "x", settled)));
  rig.crank();
  EXPECT_EQ(writing.number(), ENOSPC);
  EXPECT_EQ(settled, "");
}

/// Charges with 200 µs between them until the turn is over.
std::size_t slow_charges(engine_floor::budget& spent, std::uint64_t turn) {
  std::size_t count = 0;
  while (spent.allows(&spent, turn) && count < 100) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    spent.charge(1);
    ++count;
  }
  return count;
}

// 16 charges between two looks at the clock are 3 ms of them: seen once, it is not forgotten with
// the turn.
TEST(turn_budget, LooksMoreOftenWhileChargesAreFarApart) {
  engine_floor::budget spent;
  for (std::uint64_t turn = 1; turn <= 3; ++turn) slow_charges(spent, turn);
  for (std::uint64_t turn = 4; turn <= 12; ++turn) EXPECT_LE(slow_charges(spent, turn), 9U) << turn;
}

TEST(turn_budget, IsRenewedByATurn) {
  engine_floor::budget spent;
  ASSERT_TRUE(spent.allows(&spent, 1));
  spent.charge(engine_floor::budget_ns);
  EXPECT_FALSE(spent.allows(&spent, 1));
  EXPECT_TRUE(spent.allows(&spent, 2));
}

}  // namespace
}  // namespace ringfiles::testing
