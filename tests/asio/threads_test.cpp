// Several threads in one context.
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace ringfiles::asio_tests {
namespace {

class threaded : public door {
 protected:
  void run_with(int count) {
    context->restart();
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([this] { context->run(); });
    for (auto& thread : threads) thread.join();
  }

  template <class Work>
  void spawn(Work work) {
    asio::co_spawn(asio::make_strand(*context), std::move(work), [](std::exception_ptr failure) {
      if (failure) ADD_FAILURE() << error_in(failure).what();
    });
  }
};

std::string numbered_lines(int writer, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(writer) + ' ' + std::to_string(i) + '\n';
  return text;
}

asio::awaitable<void> write_and_read_back(std::string path, int writer, std::atomic<int>& done) {
  constexpr int lines = 2'000;
  file target = co_await open(path, "w");
  for (int i = 0; i < lines; ++i)
    co_await target.write(std::to_string(writer) + ' ' + std::to_string(i) + '\n');
  co_await target.close();
  file source = co_await open(path);
  int count = 0;
  while (auto line = co_await source.readline()) {
    EXPECT_EQ(*line, std::to_string(writer) + ' ' + std::to_string(count) + '\n');
    ++count;
  }
  EXPECT_EQ(count, lines);
  EXPECT_EQ((co_await status(path)).size, numbered_lines(writer, lines).size());
  ++done;
}

TEST_F(threaded, ManyFilesAtOnceAreEachAsIfAlone) {
  std::atomic<int> done{0};
  constexpr int files = 48;
  for (int i = 0; i < files; ++i) spawn(write_and_read_back(fresh_path(), i, done));
  run_with(4);
  EXPECT_EQ(done, files);
}

asio::awaitable<void> read_pages(std::string path, unsigned seed) {
  file source = co_await open(path, "rb");
  std::minstd_rand random(seed);
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t page = random() % 256;
    const std::string text = co_await source.read_at(page * 4096, 4096);
    EXPECT_EQ(text, std::string(4096, static_cast<char>(page)));
  }
}

TEST_F(threaded, PositionalReadsOfManyCoroutines) {
  std::string text;
  for (int page = 0; page < 256; ++page) text += std::string(4096, static_cast<char>(page));
  const std::string path = holding(text);
  for (unsigned i = 0; i < 32; ++i) spawn(read_pages(path, i));
  run_with(4);
}

asio::awaitable<void> play(fifo_end& peer, std::string path, int rounds) {
  const auto executor = co_await asio::this_coro::executor;
  file source = co_await open(path, "rb");
  for (int i = 0; i < rounds; ++i) {
    const std::string sent = std::to_string(i);
    if (i % 3 == 0) {
      try {
        co_await source.read_some(64).within(std::chrono::microseconds(i));
        ADD_FAILURE() << "nothing was sent";
      } catch (const error& late) {
        EXPECT_EQ(late.code(), std::errc::timed_out);
      }
    }
    asio::post(executor, [&peer, sent] { peer.write(sent); });
    EXPECT_EQ(co_await source.read_some(64), sent);
  }
}

TEST_F(threaded, WaitsAndDeadlinesOfManyFifos) {
  std::vector<fifo_end> peers;
  peers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    const std::string path = fifo();
    spawn(play(peers.emplace_back(path), path, 200));
  }
  run_with(4);
}

TEST_F(threaded, HandlersAreCalledOnceFromWhateverThreadStartsThem) {
  const std::string path = holding("text");
  constexpr int per_thread = 300;
  std::atomic<int> calls{0};
  auto keep_running = asio::make_work_guard(*context);
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i)
    callers.emplace_back([&] {
      for (int n = 0; n < per_thread; ++n)
        on(*context, status(path))([&](std::exception_ptr failure, file_status found) {
          EXPECT_FALSE(failure);
          EXPECT_EQ(found.size, 4U);
          ++calls;
        });
    });
  std::thread releases([&] {
    for (auto& caller : callers) caller.join();
    keep_running.reset();
  });
  run_with(4);
  releases.join();
  EXPECT_EQ(calls, 2 * per_thread);
}

TEST_F(threaded, CancellationRacesWithCompletion) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  int cancelled = 0;
  int received = 0;
  auto keep_running = asio::make_work_guard(*context);
  std::thread loop([this] { run_with(2); });
  auto strand = asio::make_strand(*context);
  for (int i = 0; i < 300; ++i) {
    asio::cancellation_signal signal;
    std::promise<void> ended;
    asio::post(strand, [&] {
      source.read_some(1)(asio::bind_cancellation_slot(
          signal.slot(), asio::bind_executor(strand, [&](std::exception_ptr failure, auto text) {
            failure ? ++cancelled : ++received;
            EXPECT_EQ(text.empty(), failure != nullptr);
            ended.set_value();
          })));
      if (i % 2 == 0) peer.write("x");
    });
    asio::post(strand, [&] { signal.emit(asio::cancellation_type::terminal); });
    ended.get_future().wait();
    std::promise<void> idle;
    asio::post(strand, [&] { idle.set_value(); });
    idle.get_future().wait();
  }
  keep_running.reset();
  loop.join();
  EXPECT_EQ(cancelled + received, 300);
  EXPECT_GE(cancelled, 150) << "nothing to read, and yet not cancelled";
  outcome<std::string> rest;
  if (received < 150) {
    source.read_some(1000)(rest.handler());
    run();
    received += static_cast<int>(rest.value->size());
  }
  EXPECT_EQ(received, 150) << "bytes lost or doubled";
}

TEST_F(threaded, LongHandlerDoesNotHoldUpOtherCompletions) {
  const std::string first = fifo();
  const std::string second = fifo();
  fifo_end one(first);
  fifo_end two(second);
  file a = opened(first, "rb");
  file b = opened(second, "rb");
  std::promise<void> other_ran;
  std::atomic<int> timeouts{0};
  const auto wait_for_the_other = [&](auto...) {
    if (other_ran.get_future().wait_for(10s) != std::future_status::ready) ++timeouts;
  };
  a.read_some(1)(wait_for_the_other);
  b.read_some(1)([&](auto...) { other_ran.set_value(); });
  one.write("x");
  two.write("x");
  run_with(2);
  EXPECT_EQ(timeouts, 0);
}

}  // namespace
}  // namespace ringfiles::asio_tests
