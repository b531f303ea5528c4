// No descriptor left: opens that say so wait until another file is closed.
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "few_descriptors.hpp"
#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class without_descriptors : public suite {
 protected:
  void SetUp() override {
    suite::SetUp();
    put("a", "content");
    if (with_asan) GTEST_SKIP() << "UBSan looks at objects through a pipe: it needs descriptors";
    run([&]() -> task<> { co_await (co_await open("a", "rb")).close(); });  // threads, ring, pages
  }

  static open_options patient(std::chrono::nanoseconds patience) {
    open_options options;
    options.wait_for_descriptor = patience;
    return options;
  }

  task<> visit(std::size_t& visited) {
    file f = co_await open("a", "rb", patient(10s));
    co_await sleep_for(1ms);
    EXPECT_EQ(co_await f.read(), "content");
    co_await f.close();
    ++visited;
  }
};
CONTRACT_FOR_KERNEL(without_descriptors);

TEST_P(without_descriptors, OpensWaitForOthersToClose) {
  const few_descriptors few(4);
  constexpr std::size_t count = 300;
  std::size_t visited = 0;
  run([&]() -> task<> {
    std::vector<task<>> visits;
    for (std::size_t i = 0; i < count; ++i) visits.push_back(visit(visited));
    co_await gather(std::move(visits));
  });
  EXPECT_EQ(visited, count);
}

TEST_P(without_descriptors, OpensFailAtOnceUnlessToldToWait) {
  const file held = opened("a", "rb");
  const few_descriptors few(1);
  const file last = opened("a", "rb");
  const auto start = std::chrono::steady_clock::now();
  run([&]() -> task<> { co_await expect_error(open("a", "rb"), EMFILE, "open", path("a")); });
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST_P(without_descriptors, OpensFailAtOnceWhenNoFileCouldBeClosed) {
  const few_descriptors few(1);
  const int last = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto start = std::chrono::steady_clock::now();
  auto first = begin(open("a", "rb", patient(1h)));
  auto second = begin(open("a", "rb", patient(1h)));
  EXPECT_TRUE(crank_until([&] { return first.done() && second.done(); }));
  EXPECT_EQ(first.number(), EMFILE);
  EXPECT_EQ(second.number(), EMFILE);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  ::close(last);
}

TEST_P(without_descriptors, PatienceEndsAndBeginsAnewWithEachFileThatIsClosed) {
  file held = opened("a", "rb");
  const few_descriptors few(1);
  file last = opened("a", "rb");
  const auto start = std::chrono::steady_clock::now();
  auto first = begin(open("a", "rb", patient(800ms)));
  auto second = begin(open("a", "rb", patient(800ms)));
  run([&]() -> task<> { co_await sleep_for(200ms); });
  EXPECT_FALSE(first.done() || second.done());
  run([&]() -> task<> { co_await last.close(); });
  EXPECT_TRUE(crank_until([&] { return first.done() || second.done(); }));
  // Two threads looked for a descriptor for them: either may have begun to wait before the other.
  if (second.done()) std::swap(first, second);
  EXPECT_EQ(first.number(), 0);
  EXPECT_FALSE(second.done());
  EXPECT_TRUE(crank_until([&] { return second.done(); }));
  EXPECT_EQ(second.number(), EMFILE);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 1000ms);
}

TEST_P(without_descriptors, WhoIsCancelledTakesNobodysPlace) {
  const few_descriptors few(1);
  file held = opened("a", "rb");
  std::vector<begun<file>> waiting;
  std::vector<begun<file>> cancelled;
  for (int i = 0; i < 20; ++i) {
    cancelled.push_back(begin(open("a", "rb", patient(1h)).within(50ms)));
    waiting.push_back(begin(open("a", "rb", patient(1h)).within(8s)));
  }
  EXPECT_TRUE(crank_until([&] { return cancelled.back().done(); }));
  for (auto& each : cancelled) EXPECT_EQ(each.number(), ETIMEDOUT);
  held = file();
  // In any order: whoever has it hands it on.
  EXPECT_TRUE(crank_until([&] {
    std::erase_if(waiting, [](begun<file>& each) {
      if (!each.done() || each.failed()) return false;
      static_cast<void>(each.take());
      return true;
    });
    return waiting.empty();
  }));
}

}  // namespace
}  // namespace ringfiles::contract
