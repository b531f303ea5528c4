// The code that docs/asio.md quotes.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <string>

#include "fixture.hpp"

namespace ringfiles::asio_tests {
namespace {

class manual : public door {};

// region: coroutine
asio::awaitable<std::size_t> count_errors(std::filesystem::path log) {
  auto file = co_await ringfiles::open(log);  // the engine of this coroutine's context
  std::size_t errors = 0;
  while (auto line = co_await file.readline())  // buffered: no wait, no post
    errors += line->find("ERROR") != std::string::npos ? 1 : 0;
  co_return errors;
}
// endregion

TEST_F(manual, CoroutineCountsErrors) {
  const std::string path = holding("INFO up\nERROR one\n");
  EXPECT_EQ(run(count_errors(path)), 1U);
}

// region: timer
using namespace asio::experimental::awaitable_operators;

asio::awaitable<std::string> first_bytes(ringfiles::file& pipe, asio::steady_timer& timer) {
  auto first =
      co_await (pipe.read_some(4096)(asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
  co_return first.index() == 0 ? std::get<0>(first) : "nothing yet";  // and nothing is lost
}
// endregion

TEST_F(manual, TimerEndsARead) {
  const std::string path = fifo();
  fifo_end peer(path);
  file pipe = opened(path, "rb");
  asio::steady_timer timer(*context, 1ms);
  EXPECT_EQ(run(first_bytes(pipe, timer)), "nothing yet");
}

TEST_F(manual, CallbackAndFuture) {
  auto& io_context = *context;
  const std::string path = holding("text");
  file source = opened(path);
  file& file = source;
  std::string seen;
  // region: tokens
  file.read()([&](std::exception_ptr failure, std::string text) {
    if (!failure) seen = text;
  });
  auto size = ringfiles::on(io_context, ringfiles::status(path))(asio::use_future);
  auto opening = ringfiles::open(ringfiles::engine_of(io_context), path)(asio::use_future);
  // endregion
  run();
  EXPECT_EQ(seen, "text");
  EXPECT_EQ(size.get().size, 4U);
  EXPECT_TRUE(opening.get().is_open());
}

}  // namespace
}  // namespace ringfiles::asio_tests
