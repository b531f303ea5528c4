#include "logagg/loop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

namespace logagg {
namespace {

using ringfiles::task;
using std::chrono::milliseconds;

/// Counts how many pieces of work there were, at all and at the same time.
struct work_log {
  int begun = 0;
  int running = 0;
  int most_running = 0;
  int ended = 0;

  void begin() {
    ++begun;
    most_running = std::max(most_running, ++running);
  }
  void end() {
    --running;
    ++ended;
  }
};

task<> wait(work_log& log) {
  log.begin();
  co_await ringfiles::sleep_for(milliseconds(5));
  log.end();
}

task<> never_wait(work_log& log) {
  log.begin();
  log.end();
  co_return;
}

task<> fail(work_log& log, int number) {
  log.begin();
  co_await ringfiles::sleep_for(milliseconds(2 * number));
  log.end();
  throw std::runtime_error("failure " + std::to_string(number));
}

/// `make(log, number)` for the numbers from 1 on.
template <class Make>
work_log run(int count, std::size_t at_most, Make make) {
  work_log log;
  int number = 0;
  loop::run(
      [&]() -> std::optional<task<>> {
        if (++number > count) return std::nullopt;
        return make(log, number);
      },
      at_most);
  return log;
}

TEST(Loop, RunsAsManyAsAreAllowedWhileAllWait) {
  const auto log = run(20, 3, [](work_log& into, int) { return wait(into); });
  EXPECT_EQ(log.ended, 20);
  EXPECT_EQ(log.most_running, 3);
}

TEST(Loop, RunsOneAfterTheOtherWhatNeverWaits) {
  const auto log = run(20, 8, [](work_log& into, int) { return never_wait(into); });
  EXPECT_EQ(log.ended, 20);
  EXPECT_EQ(log.most_running, 1);
}

TEST(Loop, HasNothingToDo) {
  EXPECT_EQ(run(0, 1, [](work_log& into, int) { return wait(into); }).begun, 0);
}

TEST(Loop, EndsWhatRunsAndThrowsTheFirstFailure) {
  work_log seen;
  try {
    run(100, 3, [&](work_log&, int number) { return fail(seen, number); });
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& failure) {
    EXPECT_EQ(failure.what(), std::string("failure 1"));
  }
  EXPECT_EQ(seen.ended, seen.begun);
  EXPECT_LT(seen.begun, 100) << "after a failure nothing is begun";
}

}  // namespace
}  // namespace logagg
