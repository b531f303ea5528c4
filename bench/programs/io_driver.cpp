// One whole-process job per call, for bench/compare.py to time beside a well-known program:
//   io_driver random PATH SECONDS DEPTH   random 4 KiB reads, DEPTH outstanding; prints IOPS
//   io_driver cat PATH                    reads the file from end to end
//   io_driver write PATH MIB              writes, then sync_data
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <ringfiles/ringfiles.hpp>
#include <string_view>

namespace {

using ringfiles::task;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t large_bytes = 256 * 1024;

struct random_job {
  ringfiles::file file;
  std::uint64_t blocks;
  clock_type::time_point end;
  std::uint64_t done = 0;
};

task<> read_randomly(random_job& job, unsigned seed) {
  std::mt19937_64 numbers(seed);
  std::array<std::byte, block_bytes> buffer;
  while (clock_type::now() < job.end) {
    co_await job.file.read_at(numbers() % job.blocks * block_bytes, std::span(buffer));
    ++job.done;
  }
}

task<> random_reads(std::string path, double seconds, unsigned depth) {
  // A statement of its own: GCC 12 destroys twice what a co_await inside braces gave.
  auto file = co_await ringfiles::open(path, "rb");
  random_job job{std::move(file), 0, {}};
  job.blocks = job.file.status_at_open().size / block_bytes;
  const auto start = clock_type::now();
  job.end = start + std::chrono::duration_cast<clock_type::duration>(
                        std::chrono::duration<double>(seconds));
  std::vector<task<>> readers;
  for (unsigned i = 0; i < depth; ++i) readers.push_back(read_randomly(job, i + 1));
  co_await ringfiles::gather(std::move(readers));
  const std::chrono::duration<double> elapsed = clock_type::now() - start;
  std::printf("%.0f\n", static_cast<double>(job.done) / elapsed.count());
}

task<> read_all(std::string path) {
  auto file = co_await ringfiles::open(path, "rb");
  std::vector<std::byte> buffer(large_bytes);
  std::uint64_t bytes = 0;
  while (const std::size_t count = co_await file.readinto(buffer)) bytes += count;
  std::printf("%llu\n", static_cast<unsigned long long>(bytes));
}

task<> write_all(std::string path, unsigned mib) {
  auto file = co_await ringfiles::open(path, "wb");
  const std::string piece(large_bytes, 'x');
  for (unsigned i = 0; i < mib * 4; ++i) co_await file.write(std::string_view(piece));
  co_await file.sync_data();
  co_await file.close();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view job = argc > 2 ? argv[1] : "";
  if (job == "random" && argc == 5)
    ringfiles::run(
        random_reads(argv[2], std::atof(argv[3]), static_cast<unsigned>(std::atoi(argv[4]))));
  else if (job == "cat" && argc == 3)
    ringfiles::run(read_all(argv[2]));
  else if (job == "write" && argc == 4)
    ringfiles::run(write_all(argv[2], static_cast<unsigned>(std::atoi(argv[3]))));
  else
    return std::fputs("io_driver random|cat|write …: see the source\n", stderr), 2;
}
