// The engine of a context: when it is made, what keeps run() going, how it ends.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "fixture.hpp"

namespace ringfiles::asio_tests {
namespace {

class engines : public door {};

TEST_F(engines, ThereIsOnePerContext) {
  asio::io_context other;
  EXPECT_EQ(&engine_of(*context), &engine_of(context->get_executor()));
  EXPECT_EQ(&engine_of(*context), &engine_of(asio::make_strand(*context)));
  EXPECT_EQ(&engine_of(*context), &engine_of(asio::any_io_executor(context->get_executor())));
  EXPECT_EQ(&engine_of(*context), &engine_of(asio::io_context::strand(*context)));
  EXPECT_NE(&engine_of(*context), &engine_of(other));
}

TEST_F(engines, OptionsAreGivenBeforeTheFirstUse) {
  engine& made = make_engine(*context, {.backend = backend_kind::threads, .memory = {}});
  EXPECT_EQ(&made, &engine_of(*context));
  EXPECT_EQ(made.backend(), backend_kind::threads);
  EXPECT_THROW(make_engine(*context, {}), asio::service_already_exists);
  const std::string path = holding("text");
  EXPECT_EQ(run([](std::string name) -> asio::awaitable<std::string> {
              co_return co_await read_bytes(name);
            }(path)),
            "text");
}

// ---- Binding
// -------------------------------------------------------------------------------------

TEST_F(engines, UnboundOperationOfAHandlerWithoutAnExecutorSaysWhatToDo) {
  try {
    status("/")(asio::use_future).get();
    ADD_FAILURE();
  } catch (const error& lost) {
    EXPECT_EQ(lost.code(), errc::no_engine);
    EXPECT_NE(lost.hint().find("ringfiles::on"), std::string::npos);
  }
}

TEST_F(engines, UnboundOperationRunsInTheContextOfTheHandlersExecutor) {
  bool called = false;
  status("/")(
      asio::bind_executor(context->get_executor(), [&](std::exception_ptr failure, file_status) {
        called = true;
        EXPECT_FALSE(failure);
      }));
  run();
  EXPECT_TRUE(called);
}

TEST_F(engines, OnNamesTheContext) {
  auto by_context = on(*context, status("/"))(asio::use_future);
  auto by_executor = on(context->get_executor(), status("/"))(asio::use_future);
  run();
  EXPECT_EQ(by_context.get().kind, file_status::type::directory);
  EXPECT_EQ(by_executor.get().kind, file_status::type::directory);
}

TEST_F(engines, FileStaysInItsContextWhoeverAwaitsIt) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  asio::io_context other;
  auto read = asio::co_spawn(
      other,
      [](file& from) -> asio::awaitable<std::string> {
        co_return co_await from.read_some(10);
      }(source),
      asio::use_future);
  other.poll();
  peer.write("x");
  run();
  other.run();
  EXPECT_EQ(read.get(), "x");
}

TEST_F(engines, FileOfAnEngineThatNobodyHostsCannotWait) {
  const std::string path = fifo();
  fifo_end peer(path);
  engine own;
  file source = ringfiles::run(
      own, [](std::string name) -> task<file> { co_return co_await open(name, "rb"); }(path));
  outcome<std::string> read;
  source.read_some(10)(asio::bind_executor(context->get_executor(), read.handler()));
  run();
  EXPECT_EQ(read.code(), errc::no_engine);
}

// ---- What keeps run() going
// ----------------------------------------------------------------------

TEST_F(engines, RunReturnsWhenNothingIsPendingAndGoesOnLater) {
  file source = opened(holding("text"));
  for (int i = 0; i < 3; ++i) {
    auto read = source.read_at(0, 4)(asio::use_future);
    auto slow = on(*context, read_bytes(source.path()))(asio::use_future);
    run();
    EXPECT_EQ(read.get(), "text");
    EXPECT_EQ(slow.get(), "text");
  }
}

TEST_F(engines, StoppedContextGoesOnWithWhatItWaitsFor) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  outcome<std::string> read;
  source.read_some(10)(read.handler());
  asio::post(*context, [&] { context->stop(); });
  run();
  EXPECT_FALSE(read.called);
  peer.write("x");
  run();
  EXPECT_EQ(read.value, "x");
}

TEST_F(engines, DroppedFileIsWrittenAndClosedBeforeRunReturns) {
  const std::string path = fresh_path();
  int fd = -1;
  asio::co_spawn(
      *context,
      [](std::string name, int& descriptor) -> asio::awaitable<void> {
        file target = co_await open(name, "w");
        descriptor = target.native_handle();
        co_await target.write("text");
      }(path, fd),
      asio::detached);
  run();
  EXPECT_EQ(read_whole(path), "text");
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST_F(engines, DroppedFileIsWrittenThoughNoOperationIsPending) {
  const std::string path = fresh_path();
  file target = opened(path, "w");
  auto written = target.write("text")(asio::use_future);
  run();
  asio::post(*context, [&] { target = file(); });
  run();
  EXPECT_EQ(read_whole(path), "text");
}

TEST_F(engines, BackgroundWorkDoesNotWaitForever) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  asio::cancellation_signal signal;
  outcome<std::string> read;
  source.read_some(10)(asio::bind_cancellation_slot(signal.slot(), read.handler()));
  context->poll();
  signal.emit(asio::cancellation_type::terminal);
  run();  // would hang if a withdrawn wait counted as work
  EXPECT_TRUE(read.called);
}

TEST_F(engines, WorkGoesOnBesideACloseThatWaitsForSomethingHung) {
  std::promise<void> gate;
  auto hung = ringfiles::on(*context, offload([wait = gate.get_future().share()] {
                                        wait.wait();
                                      }).within(1ms))(asio::use_future);
  // A pipe that nobody reads: the dropped file cannot write what it has accepted, so its close
  // waits.
  const std::string path = fifo();
  fifo_end peer(path);
  file target = opened(path, "wb");
  auto written = target.write(std::string(200'000, 'x'))(asio::use_future);
  context->run_for(20ms);
  target = file();
  context->restart();
  context->run_for(50ms);
  context->restart();
  auto slept = ringfiles::on(*context, sleep_for(1ms))(asio::use_future);
  context->run_for(2s);
  EXPECT_EQ(slept.wait_for(0s), std::future_status::ready);
  EXPECT_THROW(hung.get(), error);
  gate.set_value();
  std::size_t arrived = 0;
  for (int i = 0; i < 1000 && arrived < 200'000; ++i) {
    arrived += peer.read().size();
    context->restart();
    ringfiles::on(*context, sleep_for(1ms))(asio::detached);
    context->run_for(5ms);
  }
  EXPECT_EQ(arrived, 200'000U);
}

// ---- How it ends
// ---------------------------------------------------------------------------------

TEST_F(engines, SuspendedCoroutineIsDestroyedWithItsContext) {
  const std::string path = fifo();
  fifo_end peer(path);
  auto witness = std::make_shared<int>(0);
  std::weak_ptr<int> frame = witness;
  asio::co_spawn(
      *context,
      [](std::string name, std::shared_ptr<int>) -> asio::awaitable<void> {
        file source = co_await open(name, "rb");
        co_await source.read_some(10);
        ADD_FAILURE() << "resumed";
      }(path, std::move(witness)),
      asio::detached);
  context->poll();
  EXPECT_FALSE(frame.expired());
  context.reset();
  EXPECT_TRUE(frame.expired());
}

TEST_F(engines, PendingHandlersAreDestroyedUncalled) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  file cached = opened(holding("x"));
  auto witness = std::make_shared<int>(0);
  source.read_some(10)([witness](auto...) { ADD_FAILURE() << "called"; });
  cached.read()([witness](auto...) { ADD_FAILURE() << "called"; });
  EXPECT_EQ(witness.use_count(), 3);
  source = file();
  context.reset();
  EXPECT_EQ(witness.use_count(), 1);
}

TEST_F(engines, ContextEndsWithManyOperationsInFlight) {
  const std::string big = holding(std::string(8 << 20, 'x'));
  std::vector<file> files;
  for (int i = 0; i < 8; ++i) files.push_back(opened(big, "rb"));
  auto pages = std::make_unique<std::byte[]>(8 << 20);
  for (file& each : files) {
    each.read_at(0, 1 << 20)([](auto...) { ADD_FAILURE(); });
    each.read_at(0, std::span(pages.get(), 8 << 20))([](auto...) { ADD_FAILURE(); });
    on(*context, read_bytes(big))([](auto...) { ADD_FAILURE(); });
    asio::co_spawn(
        *context,
        [](file& from) -> asio::awaitable<void> { co_await from.read_at(0, 1 << 20); }(each),
        [](auto...) { ADD_FAILURE(); });
  }
  context.reset();
}

TEST_F(engines, FileMayOutliveItsContext) {
  const std::string path = fresh_path();
  file target = opened(path, "w");
  auto written = target.write("text")(asio::use_future);
  run();
  context.reset();
  EXPECT_TRUE(target.is_open());
  target = file();
  EXPECT_EQ(read_whole(path), "text");
}

TEST_F(engines, OperationAfterTheContextsEndIsRefused) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  context.reset();
  asio::io_context other;
  outcome<std::string> read;
  source.read_some(10)(asio::bind_executor(other.get_executor(), read.handler()));
  other.run();
  EXPECT_EQ(read.code(), errc::engine_ended);
}

// ---- fork
// ----------------------------------------------------------------------------------------

/// Runs `work` in a forked child; true if it says so.
template <class Work>
bool in_child(asio::io_context& context, Work work) {
  context.notify_fork(asio::execution_context::fork_prepare);
  const pid_t child = ::fork();
  if (child == 0) {
    context.notify_fork(asio::execution_context::fork_child);
    ::_exit(work() && !testing::Test::HasFailure() ? 0 : 1);
  }
  context.notify_fork(asio::execution_context::fork_parent);
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(engines, ForkedChildHasAnEngineOfItsOwn) {
  if (with_tsan) GTEST_SKIP() << "ThreadSanitizer does not follow a fork of a threaded process";
  const std::string path = holding("text");
  auto read = on(*context, read_bytes(path))(asio::use_future);
  run();
  const auto use = [&] {
    auto again = on(*context, read_bytes(path))(asio::use_future);
    auto once_more = on(*context, sleep_for(1us))(asio::use_future);
    run();
    return again.get() == "text";
  };
  EXPECT_TRUE(in_child(*context, use));
  EXPECT_TRUE(use());
}

TEST_F(engines, WhatWasInFlightIsInterruptedInTheChildAndGoesOnInTheParent) {
  if (with_tsan) GTEST_SKIP() << "ThreadSanitizer does not follow a fork of a threaded process";
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  outcome<std::string> read;
  source.read_some(10)(read.handler());
  outcome<std::string> job;
  on(*context, read_bytes(holding("text")))(job.handler());
  EXPECT_TRUE(in_child(*context, [&] {
    run_until([&] { return job.called; });
    return job.code() == errc::fork_interrupted && !read.called;
  }));
  peer.write("x");
  run();
  EXPECT_EQ(read.value, "x");
  EXPECT_EQ(job.value, "text");
}

}  // namespace
}  // namespace ringfiles::asio_tests
