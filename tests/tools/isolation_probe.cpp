// isolation_probe: how long reads of healthy files take while calls on others hang.
//
//     isolation_probe --backend=B --hung=KIND --count=N --mount=FAULTFS --other=FAULTFS
//                     --disk=FOLDER [--samples=N] [--places=P,P…]
//
// KIND: fuse_read (positional reads of one file), fuse_files (a read on each of N open files),
// fuse_open, fuse_status, fifo_read (opens of a FIFO that nobody writes), fifo_write.
// Figures for each place P: P_read_… (a read of an open file), P_visit_… (open, read, close).
#include <sys/stat.h>

#include <functional>
#include <stop_token>

#include "probe/event_loop.hpp"
#include "probe/faults.hpp"
#include "probe/options.hpp"

namespace {

using ringfiles::task;

constexpr std::int64_t patience_ns = 30'000'000'000;
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t healthy_bytes = 1 << 20;

struct scene {
  std::string mount, other, disk;
  std::stop_source stop;
  std::size_t pending = 0;
};

ringfiles::detail::detached hang(scene& now, task<void> call) {
  ++now.pending;
  try {
    co_await std::move(call);
    if (!now.stop.stop_requested()) probe::fail("hung", "a call that hangs has ended");
  } catch (const ringfiles::error& ended) {
    if (ended.code() != std::errc::operation_canceled) probe::fail("hung", ended.what());
  }
  --now.pending;
}

task<void> hung_read(scene& now, ringfiles::file& file, std::size_t number) {
  co_await file.read_at(number % 1024 * block_bytes, block_bytes).stopped_by(now.stop.get_token());
}
task<void> hung_file(scene& now, ringfiles::file file) {
  co_await file.read(block_bytes).stopped_by(now.stop.get_token());
}
task<void> hung_open(scene& now, std::string path, std::string mode) {
  co_await ringfiles::open(path, mode).stopped_by(now.stop.get_token());
}
task<void> hung_status(scene& now, std::string path) {
  co_await ringfiles::status(path).stopped_by(now.stop.get_token());
}

task<ringfiles::file> open_file(std::string path, std::string mode) {
  co_return co_await ringfiles::open(path, mode);
}

const char* faults_of(const std::string& kind) {
  if (kind == "fuse_read" || kind == "fuse_files") return "clear\nread hang 1 9999999 hung";
  if (kind == "fuse_open") return "clear\nopen hang 1 9999999 hung";
  if (kind == "fuse_status") return "clear\ngetattr hang 1 9999999 hung";
  return "clear";
}

void start_hanging(scene& now, const std::string& kind, std::size_t count, ringfiles::file& file,
                   std::vector<ringfiles::file>& files) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::string fifo = now.disk + "/fifo" + std::to_string(i);
    if (kind.starts_with("fifo")) ::mkfifo(fifo.c_str(), 0600);
    if (kind == "fuse_read") hang(now, hung_read(now, file, i));
    if (kind == "fuse_files") hang(now, hung_file(now, std::move(files[i])));
    if (kind == "fuse_open") hang(now, hung_open(now, now.mount + "/hung", "rb"));
    if (kind == "fuse_status") hang(now, hung_status(now, now.mount + "/hung"));
    if (kind == "fifo_read") hang(now, hung_open(now, fifo, "rb"));
    if (kind == "fifo_write") hang(now, hung_open(now, fifo, "wb"));
  }
}

task<void> expect_block(ringfiles::file& file, std::size_t at, const std::string& expected) {
  const std::string got = co_await file.read_at(at, block_bytes);
  if (got != expected.substr(at, block_bytes)) probe::fail("content", "wrong bytes");
}

struct place {
  std::string name;
  std::string path;
  bool cold = false;
};

task<void> measure(const place& at, std::size_t samples) {
  const std::string expected = probe::numbered_bytes(healthy_bytes);
  std::vector<std::int64_t> reads, visits;
  auto opened = co_await ringfiles::open(at.path, "rb");
  co_await opened.read_at(0, healthy_bytes);
  for (std::size_t i = 0; i < samples; ++i) {
    const std::size_t offset = i * 37 % (healthy_bytes / block_bytes) * block_bytes;
    if (at.cold) probe::evict(at.path);
    std::int64_t start = probe::now_ns();
    co_await expect_block(opened, offset, expected);
    reads.push_back(probe::now_ns() - start);
    start = probe::now_ns();
    auto again = co_await ringfiles::open(at.path, "rb");
    co_await expect_block(again, offset, expected);
    co_await again.close();
    visits.push_back(probe::now_ns() - start);
  }
  co_await opened.close();
  probe::figures_of(at.name + "_read", reads);
  probe::figures_of(at.name + "_visit", visits);
}

task<void> measure_all(scene& now, std::size_t samples, std::string wanted, bool& done) {
  const std::vector<place> places{{"disk_cold", now.disk + "/healthy", true},
                                  {"disk_cached", now.disk + "/healthy"},
                                  {"other_mount", now.other + "/healthy"},
                                  {"same_mount", now.mount + "/healthy"}};
  for (const auto& each : places)
    if (wanted.empty() || wanted.find(each.name) != std::string::npos)
      co_await measure(each, samples);
  done = true;
}

void run(const probe::options& given, ringfiles::engine& engine) {
  scene now{given.text("mount"), given.text("other"), given.text("disk"), {}};
  const std::string kind = given.text("hung");
  const auto count = static_cast<std::size_t>(given.number("count", 64));
  const probe::fault_control faults(now.mount);
  for (const auto& folder : {now.disk, now.other, now.mount})
    probe::write_file(folder + "/healthy", probe::numbered_bytes(healthy_bytes));
  probe::write_file(now.mount + "/hung", std::string(1 << 22, 'h'));

  probe::event_loop loop(engine);
  auto file = ringfiles::run(engine, open_file(now.mount + "/hung", "rb"));
  std::vector<ringfiles::file> files;
  for (std::size_t i = 0; kind == "fuse_files" && i < count; ++i)
    files.push_back(ringfiles::run(engine, open_file(now.mount + "/hung", "rb")));
  faults.apply(faults_of(kind));
  start_hanging(now, kind, count, file, files);

  bool done = false;
  const auto samples = static_cast<std::size_t>(given.number("samples", 100));
  probe::spawn(measure_all(now, samples, given.text("places"), done), "measure");
  const auto lateness = loop.run(patience_ns, [&] { return done || probe::failures > 0; });
  probe::expect(done, "measure", "healthy files were not read in time");
  probe::expect(now.pending == count, "hung", "not all calls that hang are still pending");
  probe::figure("held_by_daemon", faults.parked());
  probe::figure("beat_p99_us", probe::percentile(lateness.own, 990) / 1000);
  faults.clear();
  now.stop.request_stop();
  loop.run(patience_ns, [&] { return now.pending == 0 && engine.idle(); });
  probe::expect(now.pending == 0 && engine.idle(), "end", "calls do not end");
}

}  // namespace

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  ringfiles::engine engine(given.engine());
  ringfiles::engine::scope scope(engine);
  run(given, engine);
  return probe::failures == 0 ? 0 : 1;
}
