// Every completion token, and what is associated with a handler.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

#include "fixture.hpp"

namespace ringfiles::asio_tests {
namespace {

class tokens : public door {};

TEST_F(tokens, CallbackGetsTheValue) {
  file source = opened(holding("text"));
  outcome<std::string> read;
  source.read()(read.handler());
  run();
  ASSERT_TRUE(read.called);
  EXPECT_FALSE(read.failure);
  EXPECT_EQ(read.value, "text");
}

TEST_F(tokens, CallbackOfAnOperationWithoutAValueGetsTheFailureOnly) {
  file source = opened(holding("text"));
  bool called = false;
  source.close()([&](std::exception_ptr failure) {
    called = true;
    EXPECT_FALSE(failure);
  });
  run();
  EXPECT_TRUE(called);
  EXPECT_FALSE(source.is_open());
}

TEST_F(tokens, FailureTellsOperationPathAndErrno) {
  const std::string missing = fresh_path();
  outcome<file> failed;
  open(engine_of(*context), missing)(failed.handler());
  run();
  ASSERT_TRUE(failed.failure);
  const error what = error_in(failed.failure);
  EXPECT_EQ(what.number(), ENOENT);
  EXPECT_EQ(what.operation(), "open");
  EXPECT_EQ(what.path(), missing);
}

TEST_F(tokens, UseFutureGetsTheValue) {
  file source = opened(holding("text"));
  auto text = source.read()(asio::use_future);
  run();
  EXPECT_EQ(text.get(), "text");
}

TEST_F(tokens, UseFutureThrowsTheFailure) {
  auto nothing = on(*context, status(fresh_path()))(asio::use_future);
  run();
  EXPECT_THROW(nothing.get(), error);
}

TEST_F(tokens, UseAwaitableGivesAnAwaitable) {
  const std::string path = holding("text");
  const std::string text = run([](std::string name) -> asio::awaitable<std::string> {
    file source = co_await open(name)(use_awaitable);
    co_return co_await source.read()(use_awaitable);
  }(path));
  EXPECT_EQ(text, "text");
}

TEST_F(tokens, AsTupleGivesTheFailureAsAValue) {
  const std::string path = fresh_path();
  run([](std::string name) -> asio::awaitable<void> {
    auto [failure, source] = co_await open(name)(asio::as_tuple(use_awaitable));
    EXPECT_EQ(error_in(failure).number(), ENOENT);
    EXPECT_FALSE(source.is_open());
    auto [again, none] = co_await open(name)(asio::as_tuple(asio::deferred));
    EXPECT_EQ(error_in(again).number(), ENOENT);
  }(path));
}

TEST_F(tokens, DeferredStartsWhenItIsCalled) {
  file source = opened(holding("text"));
  auto later = source.read()(asio::deferred);
  run();
  outcome<std::string> read;
  std::move(later)(read.handler());
  EXPECT_FALSE(read.called);
  run();
  EXPECT_EQ(read.value, "text");
}

TEST_F(tokens, DeferredCanBeAwaited) {
  const std::string path = holding("text");
  EXPECT_EQ(run([](std::string name) -> asio::awaitable<std::string> {
              file source = co_await open(name)(asio::deferred);
              co_return co_await source.read()(asio::deferred);
            }(path)),
            "text");
}

TEST_F(tokens, DeferredChains) {
  file source = opened(holding("text"));
  std::size_t size = 0;
  auto chain =
      source.read()(asio::deferred) | asio::deferred([](std::exception_ptr, std::string text) {
        return asio::deferred.values(text.size());
      });
  std::move(chain)([&](std::size_t got) { size = got; });
  run();
  EXPECT_EQ(size, 4U);
}

TEST_F(tokens, DetachedDoesIt) {
  const std::string path = fresh_path();
  on(*context, write_bytes(path, "text"))(asio::detached);
  run();
  EXPECT_EQ(read_whole(path), "text");
}

TEST_F(tokens, BothOfAnAndAreGiven) {
  using namespace asio::experimental::awaitable_operators;
  const std::string first = holding("one");
  const std::string second = holding("two");
  run([](std::string a, std::string b) -> asio::awaitable<void> {
    auto [one, two] = co_await (read_bytes(a)(use_awaitable) && read_bytes(b)(use_awaitable));
    EXPECT_EQ(one, "one");
    EXPECT_EQ(two, "two");
  }(first, second));
}

TEST_F(tokens, ParallelGroupRunsOperations) {
  file one = opened(holding("one"));
  file two = opened(holding("two"));
  bool called = false;
  asio::experimental::make_parallel_group(one.read()(asio::deferred), two.read()(asio::deferred))
      .async_wait(asio::experimental::wait_for_all(),
                  [&](auto, std::exception_ptr, std::string a, std::exception_ptr, std::string b) {
                    called = true;
                    EXPECT_EQ(a + b, "onetwo");
                  });
  run();
  EXPECT_TRUE(called);
}

// ---- What is associated
// --------------------------------------------------------------------------

TEST_F(tokens, HandlerRunsOnItsStrand) {
  file source = opened(holding("text"));
  auto strand = asio::make_strand(*context);
  bool on_strand = false;
  source.read()(
      asio::bind_executor(strand, [&](auto...) { on_strand = strand.running_in_this_thread(); }));
  run();
  EXPECT_TRUE(on_strand);
}

TEST_F(tokens, WaitingHandlerRunsOnItsStrand) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  auto strand = asio::make_strand(*context);
  bool on_strand = false;
  source.read_some(10)(
      asio::bind_executor(strand, [&](auto...) { on_strand = strand.running_in_this_thread(); }));
  peer.write("x");
  run();
  EXPECT_TRUE(on_strand);
}

TEST_F(tokens, HandlerRunsInTheContextOfItsExecutorWhichWaitsForIt) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  asio::io_context other;
  bool called = false;
  source.read_some(10)(asio::bind_executor(other.get_executor(), [&](auto...) { called = true; }));
  other.poll();
  EXPECT_FALSE(other.stopped()) << "it has no work although a handler is to come";
  peer.write("x");
  run();
  EXPECT_FALSE(called);
  other.run();
  EXPECT_TRUE(called);
}

TEST_F(tokens, HandlerWithoutAnExecutorRunsOnAThreadOfTheFilesContext) {
  file cached = opened(holding("text"));
  const std::string path = fifo();
  fifo_end peer(path);
  file waiting = opened(path, "rb");
  int calls = 0;
  auto handler = [&, here = std::this_thread::get_id()](auto...) {
    ++calls;
    EXPECT_EQ(std::this_thread::get_id(), here);
  };
  cached.read()(handler);
  waiting.read_some(10)(handler);
  peer.write("x");
  run();
  EXPECT_EQ(calls, 2);
}

TEST_F(tokens, HandlerNeverRunsInsideItsInitiatingFunction) {
  file source = opened(holding("text"));
  bool initiating = true;
  int calls = 0;
  auto handler = [&](auto...) {
    ++calls;
    EXPECT_FALSE(initiating);
  };
  asio::post(*context, [&] {
    source.read()(handler);
    source.readline()(asio::bind_executor(*context, handler));
    source.tell()(asio::bind_executor(asio::make_strand(*context), handler));
    open(engine_of(*context), fresh_path())(handler);
    initiating = false;
  });
  run();
  EXPECT_EQ(calls, 4);
}

TEST_F(tokens, HandlersOfReadyOperationsRunInTheirOrder) {
  file source = opened(holding("1\n2\n3\n"));
  std::string order;
  for (int i = 0; i < 3; ++i)
    source.readline()([&](std::exception_ptr, auto line) { order += line->substr(0, 1); });
  run();
  EXPECT_EQ(order, "123");
}

TEST_F(tokens, MoveOnlyHandlerIsCalled) {
  file source = opened(holding("text"));
  std::string text;
  source.read()([&, own = std::make_unique<int>(1)](std::exception_ptr, std::string got) mutable {
    text = std::move(got);
  });
  run();
  EXPECT_EQ(text, "text");
}

/// Counts what it hands out.
template <class T>
struct counting_allocator {
  using value_type = T;
  struct counts {
    int made = 0;
    int live = 0;
  };
  counts* count;

  explicit counting_allocator(counts* to) noexcept : count(to) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) noexcept
      : count(reinterpret_cast<counts*>(other.count)) {}
  T* allocate(std::size_t n) {
    ++count->made;
    ++count->live;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* block, std::size_t n) noexcept {
    --count->live;
    std::allocator<T>().deallocate(block, n);
  }
  friend bool operator==(const counting_allocator&, const counting_allocator&) = default;
};

TEST_F(tokens, AssociatedAllocatorIsUsedAndItsMemoryGivenBackBeforeTheCall) {
  const std::string path = fifo();
  fifo_end peer(path);
  file source = opened(path, "rb");
  counting_allocator<char>::counts counts;
  bool called = false;
  auto handler = [&](auto...) {
    called = true;
    EXPECT_EQ(counts.live, 0);
  };
  source.read_some(10)(asio::bind_allocator(counting_allocator<char>(&counts),
                                            asio::bind_executor(*context, handler)));
  EXPECT_EQ(counts.live, 1);
  peer.write("x");
  run();
  EXPECT_TRUE(called);
  EXPECT_GE(counts.made, 1);
}

}  // namespace
}  // namespace ringfiles::asio_tests
