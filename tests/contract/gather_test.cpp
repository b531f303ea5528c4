// gather(): many at once, and what becomes of them when nobody waits for them any more.
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "fixture.hpp"
#include "owned.hpp"

namespace ringfiles::contract {
namespace {

/// Counts the frames that hold one.
class living {
 public:
  explicit living(int& count) : count_(&count) { ++*count_; }
  living(living&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  ~living() {
    if (count_ != nullptr) --*count_;
  }

 private:
  int* count_;
};

task<int> rest(std::chrono::nanoseconds length, living, int& ended) {
  co_await sleep_for(length);
  co_return ++ended;
}

class gathering : public suite {
 protected:
  /// Waits for so many, of which the first ends soon.
  owned wait_for(int count) {
    std::vector<task<int>> works;
    works.push_back(rest(0ns, living(alive_), ended_));
    while (static_cast<int>(works.size()) < count)
      works.push_back(rest(20ms, living(alive_), ended_));
    return wait_for(std::move(works));
  }

  int alive_ = 0;
  int ended_ = 0;

 private:
  static owned wait_for(std::vector<task<int>> works) {
    static_cast<void>(co_await gather(std::move(works)));
  }
};
CONTRACT_FOR_ALL(gathering);

TEST_P(gathering, DiesWithTheCoroutineThatAwaitsIt) {
  {
    const owned waiting = wait_for(10);
    EXPECT_TRUE(crank_until([&] { return ended_ > 0; }));
    EXPECT_EQ(alive_, 9);
  }
  EXPECT_EQ(alive_, 0);
  std::this_thread::sleep_for(30ms);
  crank();
  EXPECT_EQ(ended_, 1);
  EXPECT_TRUE(loop().idle());
}

TEST_P(gathering, DiesBeforeAnyWasResumed) {
  {
    const owned waiting = wait_for(3);
  }
  EXPECT_EQ(alive_, 0);
  crank();
  EXPECT_EQ(ended_, 0);
}

TEST_P(gathering, LeavesNothingBehindAnEngineThatEnds) {
  {
    const owned waiting = wait_for(10);
    EXPECT_TRUE(crank_until([&] { return ended_ > 0; }));
    end_engine();
    EXPECT_EQ(alive_, 9);
  }
  EXPECT_EQ(alive_, 0);
  EXPECT_EQ(ended_, 1);
}

TEST_P(gathering, GivesResultsInOrderAndTheFirstFailure) {
  const auto fail = [](std::string why) -> task<int> {
    co_await sleep_for(0ns);
    throw std::runtime_error(why);
  };
  const auto number = [](int value) -> task<int> {
    if (value % 2 == 0) co_await sleep_for(std::chrono::milliseconds(10 - value));
    co_return value;
  };
  const std::vector in_order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  run([&]() -> task<> {
    std::vector<task<int>> good;
    for (int i = 0; i < 10; ++i) good.push_back(number(i));
    EXPECT_EQ(co_await gather(std::move(good)), in_order);
    EXPECT_TRUE((co_await gather(std::vector<task<int>>())).empty());
    std::vector<task<int>> some;
    some.push_back(rest(5ms, living(alive_), ended_));
    some.push_back(fail("first"));
    some.push_back(fail("second"));
    std::string why;
    try {
      static_cast<void>(co_await gather(std::move(some)));
    } catch (const std::runtime_error& failure) {
      why = failure.what();
    }
    EXPECT_EQ(why, "first");
    EXPECT_EQ(ended_, 1);
  });
  EXPECT_EQ(alive_, 0);
}

class gathering_streams : public suite {};
CONTRACT_FOR_KERNEL(gathering_streams);

TEST_P(gathering_streams, ConsumesNothingWhenItDies) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  file f = adopt(loop(), ends[0], "rb");
  const auto some = [](file& from) -> task<std::string> { co_return co_await from.read(2); };
  {
    const owned waiting = [](std::vector<task<std::string>> works) -> owned {
      static_cast<void>(co_await gather(std::move(works)));
    }([&] {
      std::vector<task<std::string>> works;
      for (int i = 0; i < 3; ++i) works.push_back(some(f));
      return works;
    }());
    crank();
    ASSERT_EQ(::write(ends[1], "abc", 3), 3);
    crank();  // the first has its bytes, the second waits for one more
  }
  ::close(ends[1]);
  run([&]() -> task<> { EXPECT_EQ(co_await f.read(), "c"); });
}

}  // namespace
}  // namespace ringfiles::contract
