// co_await in asio::awaitable: inline when it can be, fair when it always can be.
#include <string>

#include "fixture.hpp"

namespace ringfiles::asio_tests {
namespace {

class awaiting : public door {
 protected:
  /// Lets a handler run again and again, for as long as `counter` lives.
  void keep_posting(const std::shared_ptr<std::size_t>& counter) {
    asio::post(*context, [this, weak = std::weak_ptr(counter)] {
      if (auto alive = weak.lock()) {
        ++*alive;
        keep_posting(alive);
      }
    });
  }
};

std::string lines_of(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "line " + std::to_string(i) + '\n';
  return text;
}

TEST_F(awaiting, OperationGivesItsValue) {
  const std::string path = holding("one\ntwo\n");
  run([](std::string name) -> asio::awaitable<void> {
    file source = co_await open(name);
    EXPECT_EQ(co_await source.readline(), "one\n");
    EXPECT_EQ(co_await source.tell(), 4U);
    EXPECT_EQ(co_await source.read(), "two\n");
    EXPECT_EQ(co_await source.readline(), std::nullopt);
    co_await source.close();
  }(path));
}

TEST_F(awaiting, FailureIsThrownAtTheAwait) {
  const std::string path = fresh_path();
  run([](std::string name) -> asio::awaitable<void> {
    try {
      co_await open(name);
      ADD_FAILURE();
    } catch (const error& failure) {
      EXPECT_EQ(failure.number(), ENOENT);
      EXPECT_EQ(failure.path(), name);
    }
  }(path));
}

TEST_F(awaiting, BufferedLineComesWithoutLettingAnybodyElseRun) {
  const std::string path = holding(lines_of(100));
  run([](asio::io_context& loop, std::string name) -> asio::awaitable<void> {
    file source = co_await open(name);
    co_await source.readline();
    bool others_ran = false;
    asio::post(loop, [&] { others_ran = true; });
    for (int i = 0; i < 50; ++i) co_await source.readline();
    EXPECT_FALSE(others_ran);
    co_await asio::post(use_awaitable);
    EXPECT_TRUE(others_ran);
  }(*context, path));
}

TEST_F(awaiting, CachedPageComesWithoutLettingAnybodyElseRun) {
  const std::string path = holding(std::string(8192, 'x'));
  run([](asio::io_context& loop, std::string name) -> asio::awaitable<void> {
    file source = co_await open(name, "rb")(use_awaitable);
    bool others_ran = false;
    asio::post(loop, [&] { others_ran = true; });
    EXPECT_EQ((co_await source.read_at(0, 4096)(use_awaitable)).size(), 4096U);
    EXPECT_EQ((co_await source.read_at(4096, 4096)(asio::deferred)).size(), 4096U);
    EXPECT_FALSE(others_ran);
    co_await asio::post(use_awaitable);
  }(*context, path));
}

TEST_F(awaiting, OthersRunWhileOneOnlyHitsTheCache) {
  const std::string path = holding(lines_of(200'000));
  auto others = std::make_shared<std::size_t>(0);
  keep_posting(others);
  const std::size_t count =
      run([](std::string name, std::shared_ptr<std::size_t> ran) -> asio::awaitable<std::size_t> {
        file source = co_await open(name);
        std::size_t lines = 0;
        while (co_await source.readline()) ++lines;
        EXPECT_GT(*ran, 10U);
        co_return lines;
      }(path, std::exchange(others, nullptr)));
  EXPECT_EQ(count, 200'000U);
  EXPECT_GT(stats().yields, 10U);
}

TEST_F(awaiting, WaitingReadResumesWithWhatArrives) {
  const std::string path = fifo();
  fifo_end peer(path);
  run([](std::string name, fifo_end& other) -> asio::awaitable<void> {
    const auto executor = co_await asio::this_coro::executor;
    file source = co_await open(name, "rb");
    asio::post(executor, [&other] { other.write("late"); });
    EXPECT_EQ(co_await source.read_some(10), "late");
  }(path, peer));
}

TEST_F(awaiting, DeadlineEndsAWait) {
  const std::string path = fifo();
  fifo_end peer(path);
  run([](std::string name) -> asio::awaitable<void> {
    file source = co_await open(name, "rb");
    try {
      co_await source.read_some(10).within(1ms);
      ADD_FAILURE();
    } catch (const error& late) {
      EXPECT_EQ(late.code(), std::errc::timed_out);
    }
  }(path));
}

TEST_F(awaiting, FreeFunctionsUseTheCoroutinesContext) {
  const std::string path = fresh_path();
  run([](std::string name) -> asio::awaitable<void> {
    co_await write_bytes(name, "text");
    EXPECT_EQ(co_await read_bytes(name), "text");
    EXPECT_EQ((co_await status(name)).size, 4U);
    co_await sleep_for(1ns);
    bool worked = false;
    co_await offload([&] { worked = true; });
    EXPECT_TRUE(worked);
  }(path));
}

TEST_F(awaiting, WorksOnAStrandAndInAThreadPool) {
  const std::string path = holding(lines_of(10'000));
  auto count = [](std::string name) -> asio::awaitable<std::size_t> {
    file source = co_await open(name);
    std::size_t lines = 0;
    while (co_await source.readline()) ++lines;
    co_return lines;
  };
  auto on_strand = asio::co_spawn(asio::make_strand(*context), count(path), asio::use_future);
  asio::thread_pool pool(2);
  auto in_pool = asio::co_spawn(pool, count(path), asio::use_future);
  run();
  EXPECT_EQ(on_strand.get(), 10'000U);
  EXPECT_EQ(in_pool.get(), 10'000U);
}

}  // namespace
}  // namespace ringfiles::asio_tests
