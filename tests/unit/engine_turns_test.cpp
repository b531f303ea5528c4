// What the engine promises whoever goes on in the next turn: that there is one.
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <utility>

#include "engine/engine_core.hpp"

namespace ringfiles::detail {
namespace {

struct one_step final : resumable {
  explicit one_step(std::function<void()> step = {}) : work(std::move(step)) {}
  void resume_work() noexcept override {
    ++times;
    if (work) work();
  }

  std::function<void()> work;
  int times = 0;
};

class engine_turns : public testing::Test {
 protected:
  /// The budget of an earlier test's engine, which may have had the same address, is over.
  engine_turns() { static_cast<void>(core().allows_inline()); }

  engine_core& core() { return hosted_.core(); }
  bool turn_is_due() { return hosted_.wait(std::chrono::milliseconds(0)); }
  void yield_elsewhere(resumable& later) {
    std::thread([&] { ASSERT_TRUE(core().yield(later)); }).join();
  }
  void spend_the_budget() {
    static_cast<void>(core().allows_inline());
    core().charge(engine_floor::budget_ns);
  }

 private:
  engine hosted_{{.backend = backend_kind::threads, .concurrent = true, .memory = {}}};
};

TEST_F(engine_turns, WhatYieldsGoesOnOnceInOneTurn) {
  one_step one;
  ASSERT_TRUE(core().yield(one));
  EXPECT_FALSE(core().yield(one)) << "it waits already";
  EXPECT_TRUE(turn_is_due());
  core().run_completions();
  EXPECT_EQ(one.times, 1);
  EXPECT_FALSE(turn_is_due());
}

TEST_F(engine_turns, WhatYieldsWithinATurnHasTheNext) {
  one_step again;
  again.work = [&] {
    if (again.times == 1) {
      EXPECT_TRUE(core().yield(again));
    }
  };
  ASSERT_TRUE(core().yield(again));
  core().run_completions();
  EXPECT_EQ(again.times, 1);
  ASSERT_TRUE(turn_is_due());
  core().run_completions();
  EXPECT_EQ(again.times, 2);
}

TEST_F(engine_turns, WhatATurnsBudgetDoesNotServeHasTheNext) {
  one_step spends([&] { spend_the_budget(); });
  one_step left;
  ASSERT_TRUE(core().yield(spends));
  ASSERT_TRUE(core().yield(left));
  core().run_completions();
  EXPECT_EQ(left.times, 0);
  ASSERT_TRUE(turn_is_due());
  core().run_completions();
  EXPECT_EQ(left.times, 1);
}

// The other thread finds the list filled, with what this turn is about to take out of it.
TEST_F(engine_turns, WhatYieldsOnAnotherThreadBesideThoseOfATurnHasTheNext) {
  one_step late;
  one_step first([&] { yield_elsewhere(late); });
  one_step second;
  ASSERT_TRUE(core().yield(first));
  ASSERT_TRUE(core().yield(second));
  core().run_completions();
  EXPECT_EQ(second.times, 1);
  EXPECT_EQ(late.times, 0);
  ASSERT_TRUE(turn_is_due());
  core().run_completions();
  EXPECT_EQ(late.times, 1);
}

TEST_F(engine_turns, WhatYieldsOnAnotherThreadBehindTheLastHasTheNext) {
  one_step late;
  one_step only([&] { yield_elsewhere(late); });
  ASSERT_TRUE(core().yield(only));
  core().run_completions();
  ASSERT_TRUE(turn_is_due());
  core().run_completions();
  EXPECT_EQ(late.times, 1);
}

}  // namespace
}  // namespace ringfiles::detail
