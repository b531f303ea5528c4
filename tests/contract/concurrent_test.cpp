// Several threads: engines of their own, and one engine that all of them use.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class threads : public suite {
 protected:
  static engine_options shared(engine_options options) {
    options.concurrent = true;
    return options;
  }
};
CONTRACT_FOR_ALL(threads);

task<> use_a_file(engine& loop, std::string path, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    file f = co_await ringfiles::open(loop, path, "w+b");
    co_await f.write(pattern(70'000));
    co_await f.write_at(70'000, pattern(30'000, 70'000));
    co_await f.seek(0);
    EXPECT_BYTES(co_await f.read(), pattern(100'000));
    EXPECT_BYTES(co_await f.read_at(50'000, 1000), pattern(1000, 50'000));
    co_await f.close();
  }
}

TEST_P(threads, WithAnEngineEach) {
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker)
    workers.emplace_back([&, worker] {
      engine own(options());
      ringfiles::run(own, use_a_file(own, path("f" + std::to_string(worker)), 20));
    });
  for (auto& worker : workers) worker.join();
}

/// Runs coroutines on several threads against one engine, whose turns one more thread runs.
class shared_engine {
 public:
  explicit shared_engine(engine& loop) : loop_(loop), turning_([this] { turn(); }) {}
  ~shared_engine() {
    stopping_ = true;
    turning_.join();
  }

  template <class Make>
  void run_on_threads(int count, Make make) {
    std::vector<std::thread> workers;
    for (int worker = 0; worker < count; ++worker)
      workers.emplace_back([&, worker] {
        auto outcome = std::make_shared<detail::outcome<void>>();
        detail::settle(make(worker), *outcome, [this, outcome] { ended(); });
      });
    for (auto& worker : workers) worker.join();
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 60s, [&] { return ended_ == count; }));
    ended_ = 0;
  }

 private:
  void ended() {
    std::lock_guard lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }
  void turn() {
    while (!stopping_)
      if (loop_.wait(1ms)) loop_.run_completions();
  }

  engine& loop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int ended_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread turning_;
};

TEST_P(threads, WithOneEngineForAll) {
  restart_engine(shared(options()));
  shared_engine driver(loop());
  driver.run_on_threads(
      4, [&](int worker) { return use_a_file(loop(), path("f" + std::to_string(worker)), 20); });
}

TEST_P(threads, CancelWhatOthersStarted) {
  restart_engine(shared(options()));
  put("a", pattern(2'000'000));
  make_cold("a");
  std::atomic<int> wrong = 0;
  shared_engine driver(loop());
  const auto reader = [&](std::uint64_t me) -> task<> {
    file f = co_await ringfiles::open(loop(), path("a"), "rb");
    for (std::uint64_t i = 0; i < 200; ++i) {
      const std::uint64_t at = (i * 7919 + me * 130'000) % 1'900'000;
      std::stop_source source;
      std::thread stopper([source]() mutable { source.request_stop(); });
      bool good = false;
      try {
        const std::string text = co_await f.read_at(at, 5000).stopped_by(source.get_token());
        good = text == pattern(5000, at);
      } catch (const error& failure) {
        good = failure.number() == ECANCELED;
      }
      stopper.join();
      if (!good) ++wrong;
    }
  };
  driver.run_on_threads(4, [&](int worker) { return reader(static_cast<std::uint64_t>(worker)); });
  EXPECT_EQ(wrong, 0);
}

// The kernel ends what an ended thread had submitted, with ECANCELED or EFAULT (6.18).
TEST_P(threads, MayEndWhileWhatTheyStartedGoesOn) {
  restart_engine(shared(options()));
  constexpr std::size_t blocks = 64, block_bytes = 16'384;
  put("a", pattern(blocks * block_bytes));
  file f = opened("a", "rb");
  for (int round = 0; round < 8; ++round) {
    make_cold("a");
    std::vector<begun<std::string>> reads;
    std::thread([&] {
      for (std::size_t i = 0; i < blocks; ++i)
        reads.push_back(begin(f.read_at(i * block_bytes, block_bytes)));
    }).join();
    for (std::size_t i = 0; i < blocks; ++i) {
      ASSERT_TRUE(crank_until([&] { return reads[i].done(); }));
      ASSERT_EQ(reads[i].number(), 0);
      EXPECT_BYTES(reads[i].take(), pattern(block_bytes, i * block_bytes));
    }
  }
}

TEST_P(threads, GatherWhatAnotherResumes) {
  restart_engine(shared(options()));
  shared_engine driver(loop());
  const auto part = [](std::uint64_t at, engine& on) -> task<std::string> {
    auto rest = sleep_for(0ns);
    rest.call()->bind(on.core());
    // Another thread goes on with it, perhaps at once, while this one starts more.
    if (at % 2 == 0) co_await std::move(rest);
    co_return pattern(1000, at);
  };
  const auto gathered = [&](int) -> task<> {
    std::vector<task<std::string>> parts;
    for (std::uint64_t i = 0; i < 60; ++i) parts.push_back(part(i, loop()));
    const auto made = co_await gather(std::move(parts));
    for (std::uint64_t i = 0; i < 60; ++i) EXPECT_BYTES(made[i], pattern(1000, i));
  };
  for (int round = 0; round < 30; ++round) driver.run_on_threads(4, gathered);
}

TEST_P(threads, HaveDeadlinesThatOthersMeet) {
  restart_engine(shared(options()));
  put("a", pattern(100'000));
  shared_engine driver(loop());
  driver.run_on_threads(4, [&](int) -> task<> {
    file f = co_await ringfiles::open(loop(), path("a"), "rb");
    for (int i = 0; i < 300; ++i)
      co_await error_of(f.read_at(0, 5000).within(std::chrono::microseconds(i % 20)));
  });
}

}  // namespace
}  // namespace ringfiles::contract
