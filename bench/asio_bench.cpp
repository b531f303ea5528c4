// What an awaited call costs in a Boost.Asio coroutine, beside the plain thing that it replaces;
// the plain things are in core_bench.cpp, and bench/report.py prints the ratios.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio.hpp>
#include <ringfiles/asio.hpp>
#include <ringfiles/ringfiles.hpp>
#include <string>
#include <utility>

#include "sample_log.hpp"

namespace {

namespace asio = boost::asio;

constexpr std::size_t block = 4096;
constexpr std::size_t blocks = 1000;

template <class T>
T run(asio::io_context& context, asio::awaitable<T> work) {
  auto result = asio::co_spawn(context, std::move(work), asio::use_future);
  context.run();
  context.restart();
  return result.get();
}

// ---- Bars
// ----------------------------------------------------------------------------------------

asio::awaitable<void> read_at_loop(benchmark::State& state) {
  auto file = co_await ringfiles::open(sample_log(), "rb");
  std::array<std::byte, block> buffer{};
  std::size_t i = 0;
  for (auto _ : state) {
    if (co_await file.read_at(i++ % blocks * block, std::span(buffer)) != block)
      state.SkipWithError("short read");
    benchmark::DoNotOptimize(buffer);
  }
}
void asio_read_at(benchmark::State& state) {
  asio::io_context context;
  run(context, read_at_loop(state));
}
BENCHMARK(asio_read_at)->Name("asio/read_at_cached_4k");

asio::awaitable<std::size_t> count_with_readline(std::string path) {
  auto file = co_await ringfiles::open(path);
  std::size_t lines = 0;
  while (auto line = co_await file.readline()) {
    benchmark::DoNotOptimize(line);
    ++lines;
  }
  co_return lines;
}
void asio_readline(benchmark::State& state) {
  asio::io_context context;
  std::size_t lines = 0;
  for (auto _ : state) lines += run(context, count_with_readline(sample_log()));
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK(asio_readline)->Name("asio/readline_80m")->Unit(benchmark::kMillisecond);

// ---- For comparison
// ------------------------------------------------------------------------------

/// A context that one thread alone uses may do without locks.
void asio_read_at_confined(benchmark::State& state) {
  asio::io_context context(1);
  ringfiles::make_engine(context, {.concurrent = false, .memory = {}});
  run(context, read_at_loop(state));
}
BENCHMARK(asio_read_at_confined)->Name("asio_confined/read_at_cached_4k");

void asio_readline_confined(benchmark::State& state) {
  asio::io_context context(1);
  ringfiles::make_engine(context, {.concurrent = false, .memory = {}});
  std::size_t lines = 0;
  for (auto _ : state) lines += run(context, count_with_readline(sample_log()));
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK(asio_readline_confined)
    ->Name("asio_confined/readline_80m")
    ->Unit(benchmark::kMillisecond);

/// A handler: what is in memory is posted.
struct read_again {
  benchmark::State& state;
  ringfiles::file& file;
  std::array<std::byte, block>& buffer;
  std::size_t i = 0;

  void operator()(std::exception_ptr, std::size_t) {
    if (!state.KeepRunning()) return;
    file.read_at(i++ % blocks * block, std::span(buffer))(std::move(*this));
  }
};
void asio_handler(benchmark::State& state) {
  asio::io_context context;
  auto opening =
      ringfiles::open(ringfiles::engine_of(context), sample_log(), "rb")(asio::use_future);
  context.run();
  context.restart();
  auto file = opening.get();
  std::array<std::byte, block> buffer{};
  read_again{state, file, buffer}(nullptr, 0);
  context.run();
}
BENCHMARK(asio_handler)->Name("asio_handler/read_at_cached_4k");

/// What a wait costs when there is nothing to wait for: there and back through the loop.
asio::awaitable<void> suspend_loop(benchmark::State& state) {
  for (auto _ : state) co_await ringfiles::sleep_for(std::chrono::nanoseconds(0));
}
void asio_suspend(benchmark::State& state) {
  asio::io_context context;
  run(context, suspend_loop(state));
}
BENCHMARK(asio_suspend)->Name("asio_suspended/sleep_for_0");

}  // namespace
