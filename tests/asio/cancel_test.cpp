// Cancellation slots, losers of ||, stop tokens: the right outcome, and nothing lost.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <stop_token>
#include <string>
#include <thread>

#include "fixture.hpp"

namespace ringfiles::asio_tests {
namespace {

using namespace asio::experimental::awaitable_operators;

class cancelling : public door {
 protected:
  void SetUp() override {
    path = fifo();
    peer.emplace(path);
    source = opened(path, "rb");
  }

  std::string path;
  std::optional<fifo_end> peer;
  file source;
  asio::cancellation_signal signal;
};

class cancelling_by_type : public cancelling,
                           public testing::WithParamInterface<asio::cancellation_type> {};

TEST_P(cancelling_by_type, EndsAReadThatLosesNothing) {
  outcome<std::string> read;
  source.read_some(10)(asio::bind_cancellation_slot(signal.slot(), read.handler()));
  context->poll();
  EXPECT_FALSE(read.called);
  signal.emit(GetParam());
  run();
  ASSERT_TRUE(read.called);
  EXPECT_EQ(read.code(), std::errc::operation_canceled);

  peer->write("all of it");
  outcome<std::string> next;
  source.read_some(10)(next.handler());
  run();
  EXPECT_EQ(next.value, "all of it");
}
INSTANTIATE_TEST_SUITE_P(, cancelling_by_type,
                         testing::Values(asio::cancellation_type::terminal,
                                         asio::cancellation_type::partial,
                                         asio::cancellation_type::total));

TEST_F(cancelling, SlotIsEmptyWhenTheHandlerRuns) {
  bool empty = false;
  source.read_some(10)(asio::bind_cancellation_slot(
      signal.slot(), [&](auto...) { empty = !signal.slot().has_handler(); }));
  EXPECT_TRUE(signal.slot().has_handler());
  peer->write("x");
  run();
  EXPECT_TRUE(empty);
}

TEST_F(cancelling, OperationThatEndsAtOnceLeavesTheSlotAlone) {
  file cached = opened(holding("text"));
  outcome<std::string> read;
  cached.read()(asio::bind_cancellation_slot(signal.slot(), read.handler()));
  EXPECT_FALSE(signal.slot().has_handler());
  run();
  EXPECT_EQ(read.value, "text");
}

TEST_F(cancelling, SignalOfAnotherThreadEndsARead) {
  outcome<std::string> read;
  source.read_some(10)(asio::bind_cancellation_slot(signal.slot(), read.handler()));
  std::thread other([&] { signal.emit(asio::cancellation_type::terminal); });
  run();
  other.join();
  EXPECT_EQ(read.code(), std::errc::operation_canceled);
}

TEST_F(cancelling, SignalThatComesAfterTheContextIsHarmless) {
  outcome<void*> never;
  auto opening = open(engine_of(*context), fifo(), "rb");
  std::move(opening)(asio::bind_cancellation_slot(signal.slot(), [](auto...) { FAIL(); }));
  context->poll();
  source = file();
  context.reset();
  signal.emit(asio::cancellation_type::terminal);
}

TEST_F(cancelling, CoroutineIsCancelledWithItsSlot) {
  bool ended = false;
  asio::co_spawn(
      *context,
      [](file& from, bool& over) -> asio::awaitable<void> {
        try {
          co_await from.read_some(10);
          ADD_FAILURE();
        } catch (const error& cancelled) {
          EXPECT_EQ(cancelled.code(), std::errc::operation_canceled);
        }
        over = true;
      }(source, ended),
      asio::bind_cancellation_slot(signal.slot(), asio::detached));
  context->poll();
  EXPECT_FALSE(ended);
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_TRUE(ended);
}

TEST_F(cancelling, ReadThatLosesAgainstATimerLosesNoBytes) {
  run([](file& from, fifo_end& other) -> asio::awaitable<void> {
    asio::steady_timer soon(co_await asio::this_coro::executor, 1ms);
    auto first = co_await (from.read_some(10)(use_awaitable) || soon.async_wait(use_awaitable));
    EXPECT_EQ(first.index(), 1U);
    other.write("later");
    EXPECT_EQ(co_await from.read_some(10), "later");
  }(source, *peer));
}

TEST_F(cancelling, TimerThatLosesAgainstAReadIsCancelled) {
  const auto start = std::chrono::steady_clock::now();
  peer->write("at once");
  run([](file& from) -> asio::awaitable<void> {
    asio::steady_timer never(co_await asio::this_coro::executor, 1h);
    auto first = co_await (from.read_some(10)(use_awaitable) || never.async_wait(use_awaitable));
    EXPECT_EQ(std::get<0>(first), "at once");
  }(source));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1min);
}

TEST_F(cancelling, ReadOfManyPiecesGivesBackWhatItHadGathered) {
  outcome<std::string> read;
  peer->write("half");
  source.read(8)(asio::bind_cancellation_slot(signal.slot(), read.handler()));
  context->poll();
  ASSERT_FALSE(read.called);
  signal.emit(asio::cancellation_type::total);
  run();
  EXPECT_EQ(read.code(), std::errc::operation_canceled);
  peer->write("rest");
  outcome<std::string> next;
  source.read(8)(next.handler());
  run();
  EXPECT_EQ(next.value, "halfrest");
}

TEST_F(cancelling, CancelledWriteIsReportedAndTheFileGoesOn) {
  const std::string full = fifo();
  fifo_end reader(full);
  reader.fill();
  file target = opened(full, "wb");
  bool called = false;
  target.write(std::string(300'000, 'w'))(asio::bind_cancellation_slot(
      signal.slot(), [&](std::exception_ptr, std::size_t) { called = true; }));
  context->poll();
  signal.emit(asio::cancellation_type::terminal);
  run_until([&] { return called; });
  while (!reader.read().empty()) continue;
  bool closed = false;
  target.close()([&](std::exception_ptr) { closed = true; });
  run_until([&] {
    reader.read();
    return closed;
  });
}

TEST_F(cancelling, OpenThatWaitsForItsPeerIsCancelled) {
  outcome<file> opening;
  open(engine_of(*context), fifo(),
       "rb")(asio::bind_cancellation_slot(signal.slot(), opening.handler()));
  context->poll();
  EXPECT_FALSE(opening.called);
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(opening.code(), std::errc::operation_canceled);
}

TEST_F(cancelling, StopTokenEndsAHandlersWait) {
  std::stop_source stop;
  outcome<std::string> read;
  source.read_some(10).stopped_by(stop.get_token())(read.handler());
  context->poll();
  EXPECT_FALSE(read.called);
  stop.request_stop();
  run();
  EXPECT_EQ(read.code(), std::errc::operation_canceled);
}

TEST_F(cancelling, StopTokenEndsACoroutinesWait) {
  std::stop_source stop;
  asio::post(*context, [&] { stop.request_stop(); });
  run([](file& from, std::stop_token token) -> asio::awaitable<void> {
    try {
      co_await from.read_some(10).stopped_by(token);
      ADD_FAILURE();
    } catch (const error& cancelled) {
      EXPECT_EQ(cancelled.code(), std::errc::operation_canceled);
    }
  }(source, stop.get_token()));
}

TEST_F(cancelling, StopTokenThatWasStoppedBeforeConsumesNothing) {
  peer->write("all of it");
  std::stop_source stop;
  stop.request_stop();
  outcome<std::string> read;
  source.read_some(10).stopped_by(stop.get_token())(read.handler());
  EXPECT_FALSE(read.called);
  run();
  EXPECT_EQ(read.code(), std::errc::operation_canceled);
  run([](file& from, std::stop_token token) -> asio::awaitable<void> {
    try {
      co_await from.read_some(10).stopped_by(token);
      ADD_FAILURE();
    } catch (const error& cancelled) {
      EXPECT_EQ(cancelled.code(), std::errc::operation_canceled);
    }
    EXPECT_EQ(co_await from.read_some(10), "all of it");
  }(source, stop.get_token()));
}

}  // namespace
}  // namespace ringfiles::asio_tests
