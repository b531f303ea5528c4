// The pool: lanes keep devices apart, and a lane that hangs grows.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "backend/device.hpp"
#include "backend/threads/pool.hpp"
#include "backend/threads/threads_backend.hpp"
#include "sys/calls.hpp"

namespace ringfiles::backend {
namespace {

using std::chrono::milliseconds;

/// Jobs that stay inside the kernel, so to say, until the gate opens.
class gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

struct job {
  request wanted;
  std::function<void()> body;
};

class pool_lanes : public testing::Test {
 protected:
  pool_lanes()
      : wake_(std::make_shared<wake_up>(sys::make_eventfd())),
        sink_(std::make_shared<completion_sink>(wake_)) {}

  job& submit(const device& on, std::function<void()> body) {
    jobs_.push_back(std::make_unique<job>());
    job& made = *jobs_.back();
    made.body = std::move(body);
    made.wanted.code = opcode::job;
    made.wanted.on = &on;
    made.wanted.owner = &made;
    made.wanted.run = [](request& r) noexcept { static_cast<job*>(r.owner)->body(); };
    pool::instance().submit(made.wanted, sink_);
    return made;
  }

  /// Waits for ended jobs; false when `patience` was not enough.
  bool ends(std::size_t count, milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (ended_ < count) {
      request_queue ended;
      sink_->take(ended);
      while (ended.pop() != nullptr) ++ended_;
      if (std::chrono::steady_clock::now() > end) return ended_ >= count;
      if (ended_ < count) sys::wait_readable(wake_->fd(), 1);
    }
    return true;
  }

  static const device& device_of(std::uint64_t id) {
    static std::vector<std::unique_ptr<device>> made;
    made.push_back(std::make_unique<device>());
    made.back()->id = 0xfeed'0000'0000 + id;
    return *made.back();
  }

  std::shared_ptr<wake_up> wake_;
  std::shared_ptr<completion_sink> sink_;
  std::vector<std::unique_ptr<job>> jobs_;
  std::size_t ended_ = 0;
};

TEST_F(pool_lanes, EachJobRunsOnceAndComesBackOnce) {
  std::atomic<int> runs{0};
  for (int i = 0; i < 1000; ++i) submit(device_of(1), [&] { ++runs; });
  EXPECT_TRUE(ends(1000, milliseconds(10'000)));
  EXPECT_EQ(runs, 1000);
}

TEST_F(pool_lanes, HungDeviceDoesNotHoldUpAnother) {
  gate hung;
  for (int i = 0; i < 64; ++i) submit(device_of(2), [&] { hung.wait(); });
  submit(device_of(3), [] {});
  EXPECT_TRUE(ends(1, milliseconds(1000)));
  hung.open();
  EXPECT_TRUE(ends(65, milliseconds(10'000)));
}

TEST_F(pool_lanes, HungJobsDoNotHoldUpTheirOwnDeviceForEver) {
  gate hung;
  const device& slow = device_of(4);
  for (int i = 0; i < 64; ++i) submit(slow, [&] { hung.wait(); });
  submit(slow, [] {});
  EXPECT_TRUE(ends(1, milliseconds(3000))) << "the lane did not grow";
  hung.open();
  EXPECT_TRUE(ends(65, milliseconds(10'000)));
}

// The watch of stalls looks every ten milliseconds: some of these bursts come just before a look.
// On a machine that stands still for so long a lane may grow rightly: one calm attempt is enough.
TEST_F(pool_lanes, BurstsAfterAPauseDoNotMakeALaneGrow) {
  constexpr int attempts = 5;
  constexpr int bursts = 60;
  const std::size_t in_a_burst = 2 * pool::lane_threads();
  std::size_t fewest_threads = in_a_burst;
  for (int attempt = 0; attempt < attempts && fewest_threads > pool::lane_threads(); ++attempt) {
    const device& busy = device_of(20 + static_cast<std::uint64_t>(attempt));
    std::mutex mutex;
    std::set<std::thread::id> threads;
    for (int burst = 0; burst < bursts; ++burst) {
      for (std::size_t i = 0; i < in_a_burst; ++i)
        submit(busy, [&] {
          std::this_thread::sleep_for(milliseconds(1));
          const std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
        });
      ASSERT_TRUE(ends(jobs_.size(), milliseconds(10'000)));
      std::this_thread::sleep_for(milliseconds(11));
    }
    fewest_threads = std::min(fewest_threads, threads.size());
  }
  EXPECT_LE(fewest_threads, pool::lane_threads());
}

TEST_F(pool_lanes, WaitingRequestCanBeTakenBackAndABegunOneCanNot) {
  gate hung;
  const device& slow = device_of(5);
  std::vector<job*> begun;
  for (std::size_t i = 0; i < pool::lane_threads(); ++i)
    begun.push_back(&submit(slow, [&] { hung.wait(); }));
  std::this_thread::sleep_for(milliseconds(5));
  job& waiting = submit(slow, [] { FAIL() << "it was taken back"; });
  // The stall watch may have begun it meanwhile; then it comes back like the others.
  const bool taken = pool::instance().withdraw(waiting.wanted);
  EXPECT_TRUE(taken);
  EXPECT_FALSE(pool::instance().withdraw(begun[0]->wanted));
  hung.open();
  EXPECT_TRUE(ends(begun.size(), milliseconds(10'000)));
}

// ---- One behind the other ---------------------------------------------------------------------

/// A job that is served behind `first`, through the back end that owns the rule.
class pool_chains : public pool_lanes {
 protected:
  bool submit_behind(job& first, job& then) {
    threads_backend chained(wake_);
    return chained.submit_behind(first.wanted, then.wanted);
  }
  static void prepare(job& made, std::function<void()> body) {
    made.body = std::move(body);
    made.wanted.code = opcode::job;
    made.wanted.owner = &made;
    made.wanted.run = [](request& r) noexcept { static_cast<job*>(r.owner)->body(); };
  }
};

TEST_F(pool_chains, TheSameThreadGoesOn) {
  gate hold;
  std::thread::id first_thread, second_thread;
  job& first = submit(device_of(11), [&] {
    hold.wait();
    first_thread = std::this_thread::get_id();
  });
  job second;
  prepare(second, [&] { second_thread = std::this_thread::get_id(); });
  EXPECT_TRUE(submit_behind(first, second));
  hold.open();
  EXPECT_TRUE(ends(2, milliseconds(5000)));
  EXPECT_NE(first_thread, std::thread::id());
  EXPECT_EQ(first_thread, second_thread);
}

TEST_F(pool_chains, NothingFollowsAFailure) {
  gate hold;
  bool served = false;
  job& first = submit(device_of(12), [&] { hold.wait(); });
  job second;
  prepare(second, [&] { served = true; });
  EXPECT_TRUE(submit_behind(first, second));
  first.wanted.size = 1;  // which nobody moves
  hold.open();
  EXPECT_TRUE(ends(2, milliseconds(5000)));
  EXPECT_FALSE(served);
  EXPECT_EQ(second.wanted.result, -ECANCELED);
}

TEST_F(pool_chains, NothingFollowsWhatHasEnded) {
  job& first = submit(device_of(13), [] {});
  EXPECT_TRUE(ends(1, milliseconds(5000)));
  job second;
  prepare(second, [] { ADD_FAILURE(); });
  EXPECT_FALSE(submit_behind(first, second));
}

TEST_F(pool_chains, WhatFollowsARequestThatIsTakenBackIsNotMade) {
  request waiting, second;
  waiting.followed_by = &second;
  EXPECT_EQ(pool::end((waiting.result = -ECANCELED, waiting), *sink_), nullptr);
  request_queue ended;
  sink_->take(ended);
  EXPECT_EQ(ended.pop(), &waiting);
  EXPECT_EQ(ended.pop(), &second);
  EXPECT_EQ(second.result, -ECANCELED);
}

TEST_F(pool_lanes, OneWakeUpServesABatch) {
  gate together;
  for (int i = 0; i < 4; ++i) submit(device_of(6), [&] { together.wait(); });
  EXPECT_EQ(sys::wait_readable(wake_->fd(), 0), 0) << "nothing has ended";
  together.open();
  EXPECT_TRUE(ends(4, milliseconds(10'000)));
}

}  // namespace
}  // namespace ringfiles::backend
