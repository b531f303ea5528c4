// ring_workload: what a program does with files, checked, whatever serves it.
//
//     ring_workload --disk=FOLDER --do=report              which back end, what it costs to know
//     ring_workload --disk=FOLDER --do=all [--lenient]     each kind of call once, checked
//     ring_workload --disk=FOLDER --do=loop [--count=N]    many reads and syncs through one ring
//
// --backend=B as everywhere; without it the library chooses. Prints `back end …` lines as
// describe() gives them. --lenient: a call may fail with EAGAIN (no thread to be had). Figures:
// uring (1 or 0), report_us (less waited_us, for a processor), engine_us, done, refused, ring
// (operations).
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <iostream>

#include "probe/event_loop.hpp"
#include "probe/faults.hpp"
#include "probe/options.hpp"

namespace {

using ringfiles::task;

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t file_bytes = 1 << 20;
constexpr std::size_t reads_per_round = 8;
constexpr unsigned time_limit_s = 60;

const std::string& content() {
  static const std::string text = probe::numbered_bytes(file_bytes);
  return text;
}

struct workload {
  std::string folder;
  bool lenient = false;
  std::size_t done = 0;
  std::size_t refused = 0;

  /// The call has ended, once, as it should.
  void ended(bool right, const char* what) {
    ++done;
    probe::expect(right, what, "wrong result");
  }
};

/// Runs one step; a lenient workload forgives the want of a thread and nothing else.
task<void> step(workload& on, const char* name, task<void> work) {
  try {
    co_await std::move(work);
  } catch (const ringfiles::error& failed) {
    if (on.lenient && failed.code() == std::errc::resource_unavailable_try_again)
      ++on.refused;
    else
      probe::fail(name, failed.what());
  }
}

task<void> write_and_read(workload& on) {
  auto file = co_await ringfiles::open(on.folder + "/made", "w+");
  co_await file.write(content());
  co_await file.sync();
  co_await file.seek(0);
  on.ended(co_await file.read() == content(), "read");
  co_await file.truncate(block_bytes);
  co_await file.close();
  const auto status = co_await ringfiles::status(on.folder + "/made");
  on.ended(status.size == block_bytes, "status");
}

task<void> read_block(workload& on, ringfiles::file& file, std::size_t at) {
  on.ended(co_await file.read_at(at, block_bytes) == content().substr(at, block_bytes), "read_at");
}

task<void> read_cold(workload& on) {
  probe::evict(on.folder + "/data");
  auto file = co_await ringfiles::open(on.folder + "/data", "rb");
  std::vector<task<void>> reads;
  for (std::size_t i = 0; i < 64; ++i)
    reads.push_back(read_block(on, file, i * 3 * block_bytes % file_bytes));
  co_await ringfiles::gather(std::move(reads));
  co_await file.sync_data();
}

task<void> read_lines(workload& on) {
  auto file = co_await ringfiles::open(on.folder + "/data", "r");
  std::size_t lines = 0;
  while (auto line = co_await file.readline()) ++lines;
  on.ended(lines == file_bytes / 8, "readline");
}

task<void> use_paths(workload& on) {
  co_await ringfiles::write_bytes(on.folder + "/whole.tmp", content(), {.atomic = true});
  co_await ringfiles::rename(on.folder + "/whole.tmp", on.folder + "/whole");
  on.ended(co_await ringfiles::read_bytes(on.folder + "/whole") == content(), "read_bytes");
  co_await ringfiles::remove(on.folder + "/whole");
  const auto found = co_await ringfiles::glob(on.folder + "/d*a");
  on.ended(found.paths.size() == 1, "glob");
}

task<void> everything(workload& on) {
  co_await step(on, "write_and_read", write_and_read(on));
  co_await step(on, "read_cold", read_cold(on));
  co_await step(on, "read_lines", read_lines(on));
  co_await step(on, "use_paths", use_paths(on));
  co_await ringfiles::sleep_for(std::chrono::milliseconds(1));
}

/// Each round: reads of what is not in memory and a sync of what is dirty, all in flight at once.
task<void> compact_loop(workload& on, std::size_t rounds) {
  auto file = co_await ringfiles::open(on.folder + "/data", "rb");
  auto written = co_await ringfiles::open(on.folder + "/written", "wb");
  const auto sync = [](workload& of, ringfiles::file& what) -> task<void> {
    co_await what.sync_data();
    of.ended(true, "sync_data");
  };
  for (std::size_t round = 0; round < rounds; ++round) {
    probe::evict(on.folder + "/data");
    if (round % 16 == 0) co_await written.write(content().substr(0, block_bytes));
    std::vector<task<void>> calls;
    for (std::size_t i = 0; i < reads_per_round; ++i)
      calls.push_back(read_block(on, file, (round * 5 + i * 32) * block_bytes % file_bytes));
    calls.push_back(sync(on, written));
    co_await ringfiles::gather(std::move(calls));
  }
  co_await written.close();
  probe::expect(on.done == rounds * (reads_per_round + 1), "loop", "calls were lost or doubled");
}

/// How long this thread could run and had no processor: on a busy machine, longer than it ran.
std::int64_t waited_for_processor_ns() {
  std::ifstream counted("/proc/thread-self/schedstat");
  std::int64_t ran = 0, waited = 0;
  counted >> ran >> waited;
  return waited;
}

void report_choice(const ringfiles::engine_options& options) {
  const std::int64_t waited_before = waited_for_processor_ns();
  const std::int64_t start = probe::now_ns();
  const auto choice = ringfiles::backend_report();
  const std::int64_t known = probe::now_ns();
  const std::int64_t waited = waited_for_processor_ns() - waited_before;
  const std::int64_t ready = probe::now_ns();
  ringfiles::engine engine(options);
  probe::figure("report_us", (known - start - waited) / 1000);
  probe::figure("waited_us", waited / 1000);
  probe::figure("engine_us", (probe::now_ns() - ready) / 1000);
  probe::figure("uring", engine.backend() == ringfiles::backend_kind::uring ? 1 : 0);
  std::cout << ringfiles::describe(choice) << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  ::alarm(time_limit_s);
  report_choice(given.engine());
  if (given.text("do") == "report") return 0;
  ringfiles::engine engine(given.engine());
  workload on{given.text("disk"), given.has("lenient")};
  probe::write_file(on.folder + "/data", content());
  if (given.text("do") == "loop")
    ringfiles::run(engine, compact_loop(on, static_cast<std::size_t>(given.number("count", 250))));
  else
    ringfiles::run(engine, everything(on));
  probe::figure("done", static_cast<std::int64_t>(on.done));
  probe::figure("refused", static_cast<std::int64_t>(on.refused));
  probe::figure("ring", static_cast<std::int64_t>(engine.stats()[ringfiles::rung::ring]));
  return probe::failures == 0 ? 0 : 1;
}
