// Files beside sockets and timers in one loop.
#include <time.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace ringfiles::asio_tests {
namespace {

using asio::ip::tcp;

class beside_sockets : public door {
 protected:
  void talk_and_read(int threads);
};

asio::awaitable<void> echo(tcp::socket client) {
  std::string line;
  try {
    for (;;) {
      const std::size_t size =
          co_await asio::async_read_until(client, asio::dynamic_buffer(line), '\n', use_awaitable);
      co_await asio::async_write(client, asio::buffer(line, size), use_awaitable);
      line.erase(0, size);
    }
  } catch (const boost::system::system_error& end) {
    EXPECT_EQ(end.code(), asio::error::eof);
  }
}

asio::awaitable<void> serve(tcp::acceptor& acceptor, int clients) {
  while (clients-- > 0) {
    tcp::socket client =
        co_await acceptor.async_accept(asio::make_strand(acceptor.get_executor()), use_awaitable);
    auto strand = client.get_executor();
    asio::co_spawn(strand, echo(std::move(client)), asio::detached);
  }
}

/// Sends a file line by line and expects each back.
asio::awaitable<std::size_t> send_file(tcp::endpoint server, std::string path) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(server, use_awaitable);
  file source = co_await open(path);
  std::size_t lines = 0;
  while (auto line = co_await source.readline()) {
    co_await asio::async_write(socket, asio::buffer(*line), use_awaitable);
    std::string answer(line->size(), ' ');
    co_await asio::async_read(socket, asio::buffer(answer), use_awaitable);
    EXPECT_EQ(answer, *line);
    ++lines;
  }
  co_return lines;
}

void beside_sockets::talk_and_read(int threads) {
  constexpr int clients = 4;
  constexpr std::size_t lines = 500;
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) text += "line " + std::to_string(i) + '\n';
  tcp::acceptor acceptor(*context, {asio::ip::address_v4::loopback(), 0});
  asio::co_spawn(*context, serve(acceptor, clients), asio::detached);
  std::vector<std::future<std::size_t>> counts;
  for (int i = 0; i < clients; ++i)
    counts.push_back(asio::co_spawn(asio::make_strand(*context),
                                    send_file(acceptor.local_endpoint(), holding(text)),
                                    asio::use_future));
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([this] { context->run(); });
  context->run();
  for (auto& other : others) other.join();
  for (auto& count : counts) EXPECT_EQ(count.get(), lines);
}

TEST_F(beside_sockets, EchoOfFilesInOneThread) { talk_and_read(1); }
TEST_F(beside_sockets, EchoOfFilesInFourThreads) { talk_and_read(4); }

// ---- A heartbeat
// ---------------------------------------------------------------------------------

/// What this thread has computed so far. Other processes do not count.
std::chrono::nanoseconds thread_time() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

asio::awaitable<void> beat(bool& stop, std::vector<std::chrono::nanoseconds>& gaps) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!stop) {
    const auto before = thread_time();
    timer.expires_after(1ms);
    co_await timer.async_wait(use_awaitable);
    gaps.push_back(thread_time() - before);
  }
}

asio::awaitable<std::size_t> count_lines(std::string path, bool& stop) {
  file source = co_await open(path);
  std::size_t lines = 0;
  while (co_await source.readline()) ++lines;
  stop = true;
  co_return lines;
}

TEST_F(beside_sockets, HeartbeatStaysOnTimeWhileACachedFileIsRead) {
  constexpr std::size_t lines = 1'000'000;
  const std::string line(99, 'x');
  std::string text;
  text.reserve(lines * 100);
  for (std::size_t i = 0; i < lines; ++i) (text += line) += '\n';
  const std::string path = holding(text);
  bool stop = false;
  std::vector<std::chrono::nanoseconds> gaps;
  asio::co_spawn(*context, beat(stop, gaps), asio::detached);
  EXPECT_EQ(run(count_lines(path, stop)), lines);
  ASSERT_GT(gaps.size(), 10U);
  std::sort(gaps.begin(), gaps.end());
  // The pause itself, and one turn of the reader: its budget is 250 us of inline work, 1 ms at
  // most.
  const int slowdown = with_tsan ? 5 : 1;
  EXPECT_LT(gaps[gaps.size() * 99 / 100], slowdown * 3ms);
  EXPECT_LT(gaps.back(), slowdown * 10ms);
}

}  // namespace
}  // namespace ringfiles::asio_tests
