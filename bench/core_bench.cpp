// What a call costs beside the plain thing that it replaces. Run interleaved and read the medians:
//   ringfiles_bench --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true
// bench/report.py does so and prints the ratios.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <ringfiles/ringfiles.hpp>
#include <string>

#include "sample_log.hpp"

namespace {

using ringfiles::task;

constexpr std::size_t block = 4096;
constexpr std::size_t blocks = 1000;

void pread_cached(benchmark::State& state) {
  const int fd = ::open(sample_log().c_str(), O_RDONLY);
  std::array<char, block> buffer{};
  std::size_t i = 0;
  for (auto _ : state) {
    if (::pread(fd, buffer.data(), block, static_cast<off_t>(i++ % blocks * block)) != block)
      state.SkipWithError("short read");
    benchmark::DoNotOptimize(buffer);
  }
  ::close(fd);
}
BENCHMARK(pread_cached)->Name("pread/cached_4k");

task<> read_at_loop(benchmark::State& state) {
  auto file = co_await ringfiles::open(sample_log(), "rb");
  std::array<std::byte, block> buffer{};
  std::size_t i = 0;
  for (auto _ : state) {
    if (co_await file.read_at(i++ % blocks * block, std::span(buffer)) != block)
      state.SkipWithError("short read");
    benchmark::DoNotOptimize(buffer);
  }
}
void read_at_task(benchmark::State& state) { ringfiles::run(read_at_loop(state)); }
BENCHMARK(read_at_task)->Name("task/read_at_cached_4k");

void getline_cached(benchmark::State& state) {
  std::size_t lines = 0;
  for (auto _ : state) {
    std::ifstream file(sample_log());
    std::string line;
    while (std::getline(file, line)) {
      benchmark::DoNotOptimize(line);
      ++lines;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK(getline_cached)->Name("getline/cached_80m")->Unit(benchmark::kMillisecond);

task<std::size_t> count_with_readline(std::string path) {
  auto file = co_await ringfiles::open(path);
  std::size_t lines = 0;
  while (auto line = co_await file.readline()) {
    benchmark::DoNotOptimize(line);
    ++lines;
  }
  co_return lines;
}

/// The loop over a batch is a function of its own, as in any program that does something with it:
/// locals of a coroutine live in its frame, and counting there would be what is measured.
std::size_t use(const ringfiles::lines& batch) {
  std::size_t lines = 0;
  for (std::string_view line : batch) {
    benchmark::DoNotOptimize(line);
    ++lines;
  }
  return lines;
}

task<std::size_t> count_with_next_lines(std::string path) {
  auto file = co_await ringfiles::open(path);
  std::size_t lines = 0;
  while (auto batch = co_await file.next_lines()) lines += use(*batch);
  co_return lines;
}

template <class Count>
void count_lines(benchmark::State& state, Count count) {
  std::size_t lines = 0;
  for (auto _ : state) lines += ringfiles::run(count(sample_log()));
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK_CAPTURE(count_lines, readline, count_with_readline)
    ->Name("task/readline_80m")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(count_lines, next_lines, count_with_next_lines)
    ->Name("task/next_lines_80m")
    ->Unit(benchmark::kMillisecond);

constexpr int writes = 1'000'000;
const std::string hundred_bytes(100, 'x');

void ofstream_write(benchmark::State& state) {
  for (auto _ : state) {
    std::ofstream file(scratch_file("ofstream"), std::ios::binary);
    for (int i = 0; i < writes; ++i) file.write(hundred_bytes.data(), 100);
  }
  state.SetItemsProcessed(state.iterations() * writes);
}
BENCHMARK(ofstream_write)->Name("ofstream/write_100")->Unit(benchmark::kMillisecond);

task<> write_loop() {
  auto file = co_await ringfiles::open(scratch_file("ringfiles"), "wb");
  for (int i = 0; i < writes; ++i) co_await file.write(std::string_view(hundred_bytes));
  co_await file.close();
}
void task_write(benchmark::State& state) {
  for (auto _ : state) ringfiles::run(write_loop());
  state.SetItemsProcessed(state.iterations() * writes);
}
BENCHMARK(task_write)->Name("task/write_100")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
