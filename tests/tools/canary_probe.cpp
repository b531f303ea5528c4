// canary_probe: does a cancelled read still touch memory after its caller got it back?
//
//     canary_probe --backend=B --file=FILE --faults=FAULTFS --do=cancel  [--count=N]
//     canary_probe --backend=B --file=FILE --faults=FAULTFS --do=destroy [--count=ROUNDS]
//
// FILE is slow, by the rules that the driver has written. Figures: changed (bytes), cancelled,
// ring and pool (operations that ended inside the kernel, by rung).
#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "canary_probe/canaries.hpp"
#include "probe/event_loop.hpp"
#include "probe/faults.hpp"
#include "probe/options.hpp"

namespace canaries {
namespace {

using ringfiles::task;

constexpr std::size_t slot_bytes = 16 * 1024;
constexpr std::size_t slots = 256;
constexpr std::size_t at_once = 64;
constexpr std::int64_t patience_ns = 60'000'000'000;

struct bench {
  explicit bench(std::string file) : path(std::move(file)) {}

  std::string path;
  std::vector<ringfiles::file> files;
  arena memory{slots, slot_bytes};
  recycled_heap heap;
  std::minstd_rand random{11};
  std::size_t active = 0;
  std::size_t cancelled = 0;
  std::size_t file_bytes = 0;
  bool engine_gone = false;
};

task<void> open_files(bench& on) {
  for (std::size_t i = 0; i < at_once; ++i)
    on.files.push_back(co_await ringfiles::open(on.path, "rb"));
  on.file_bytes = co_await on.files[0].seek(0, ringfiles::whence::end);
  co_await on.files[0].seek(0);
}

/// One read of one kind into lent memory, given up after `limit`.
task<void> read_once(bench& on, std::size_t number, std::span<std::byte> into,
                     std::chrono::microseconds limit) {
  auto& file = on.files[number % on.files.size()];
  const std::uint64_t at = on.random() % (on.file_bytes / slot_bytes) * slot_bytes;
  switch (number % 4) {
    case 0:
      co_await file.seek(static_cast<std::int64_t>(at));
      co_await file.readinto(into).within(limit);
      break;
    case 1:
      co_await file.read_at(at, into).within(limit);
      break;
    case 2: {
      std::vector<std::span<std::byte>> parts{into.first(5000), into.subspan(5000)};
      co_await file.read_at(at, std::move(parts)).within(limit);
      break;
    }
    default:
      co_await file.read_at(at, slot_bytes).within(limit);
  }
}

ringfiles::detail::detached lend(bench& on, std::size_t number) {
  ++on.active;
  const std::size_t slot = on.memory.take();
  const std::chrono::microseconds limit(on.random() % 4000);
  try {
    co_await read_once(on, number, on.memory.bytes(slot), limit);
  } catch (const ringfiles::error& ended) {
    if (!probe::expect(ended.code() == std::errc::timed_out, "read", ended.what())) co_return;
    ++on.cancelled;
  }
  on.memory.give_back(slot);
  on.heap.turn(number % 3 == 0 ? slot_bytes : number % 3 == 1 ? 65536 : 1 << 18);
  --on.active;
}

void report(bench& on, const ringfiles::statistics& stats) {
  probe::figure("changed", static_cast<std::int64_t>(on.memory.changed() + on.heap.changed()));
  probe::figure("cancelled", static_cast<std::int64_t>(on.cancelled));
  probe::figure("ring", static_cast<std::int64_t>(stats[ringfiles::rung::ring]));
  probe::figure("pool", static_cast<std::int64_t>(stats[ringfiles::rung::pool]));
}

void cancel(const probe::options& given) {
  ringfiles::engine engine(given.engine());
  ringfiles::engine::scope scope(engine);
  bench on(given.text("file"));
  ringfiles::run(engine, open_files(on));
  probe::event_loop loop(engine);
  const auto count = static_cast<std::size_t>(given.number("count", 10'000));
  for (std::size_t i = 0; i < count;) {
    while (i < count && on.active < at_once) lend(on, i++);
    loop.run(patience_ns, [&] { return on.active < at_once; });
    if (i % 512 < at_once) probe::evict(on.path);
  }
  loop.run(patience_ns, [&] { return on.active == 0 && engine.idle(); });
  probe::expect(on.active == 0 && engine.idle(), "end", "reads do not end");
  report(on, engine.stats());
}

/// A caller that is still suspended when its engine goes.
ringfiles::detail::detached wait_for_ever(bench& on, std::size_t number, std::size_t slot) {
  co_await read_once(on, number, on.memory.bytes(slot), std::chrono::hours(1));
  probe::expect(!on.engine_gone, "destroy", "a read of a destroyed engine has ended");
}

/// The engine goes while reads are in flight; then the caller reuses its memory.
ringfiles::statistics destroy_engine(bench& on, const probe::options& given, bool files_first) {
  std::vector<std::size_t> lent;
  ringfiles::statistics stats;
  {
    ringfiles::engine engine(given.engine());
    ringfiles::engine::scope scope(engine);
    on.engine_gone = false;
    ringfiles::run(engine, open_files(on));
    probe::evict(on.path);
    probe::event_loop loop(engine);
    for (std::size_t i = 0; i < at_once; ++i) {
      lent.push_back(on.memory.take());
      wait_for_ever(on, i, lent.back());
    }
    loop.run_for(5'000'000);
    stats = engine.stats();
    if (files_first) on.files.clear();
    on.engine_gone = true;
  }
  for (const std::size_t slot : lent) on.memory.give_back(slot);
  for (std::size_t i = 0; i < 2 * recycled_heap::kept_blocks; ++i)
    on.heap.turn(slot_bytes << i % 5);
  on.files.clear();
  return stats;
}

void destroy(const probe::options& given) {
  bench on(given.text("file"));
  const probe::fault_control faults(given.text("faults"));
  std::size_t in_flight = 0;
  for (long round = 0; round < given.number("count", 10); ++round) {
    in_flight += destroy_engine(on, given, round % 2 == 0).in_flight;
    // What the kernel still has ends now, into memory that has other owners.
    while (faults.parked() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  probe::figure("in_flight", static_cast<std::int64_t>(in_flight));
  report(on, {});
}

}  // namespace
}  // namespace canaries

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  if (given.text("do") == "destroy")
    canaries::destroy(given);
  else
    canaries::cancel(given);
  return probe::failures == 0 ? 0 : 1;
}
