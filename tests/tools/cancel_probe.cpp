// cancel_probe: what a cancelled call leaves behind, and how soon its caller is back.
//
//     cancel_probe --backend=B --do=latency --mount=FAULTFS [--count=N]   NAME_… for each call
//     cancel_probe --backend=B --do=parked  --mount=FAULTFS [--count=N]   parked, parked_bytes
//     cancel_probe --backend=B --do=opens   --mount=FAULTFS [--count=N]   leaked descriptors
//     cancel_probe --backend=B --do=stream  --mount=FAULTFS [--bytes=N]   each byte exactly once
#include <sys/resource.h>

#include "cancel_probe/exactly_once.hpp"
#include "cancel_probe/hung_calls.hpp"
#include "probe/options.hpp"

namespace cancelling {
namespace {

void settle(probe::event_loop& loop, ringfiles::engine& engine, const char* name) {
  loop.run(patience_ns, [&] { return engine.idle(); });
  const auto stats = engine.stats();
  probe::expect(engine.idle(), name, "calls are still in flight");
  probe::expect(stats.parked == 0 && stats.parked_bytes == 0, name, "something stays parked");
}

void latency(const probe::options& given, ringfiles::engine& engine) {
  hung_files files{given.text("mount"), {}, {}, {}, {}, {}, {}, {}, {}};
  for (int i = 1; i <= 8; ++i)
    probe::write_file(files.folder + "/hung_" + std::to_string(i), std::string(1 << 20, 'a'));
  probe::write_file(files.folder + "/opened", "x");
  const probe::fault_control faults(files.folder);
  ringfiles::run(engine, open_files(files));
  stopwatch watch(engine);
  const int before = probe::open_descriptors();
  faults.apply(all_calls_hang);
  std::vector<std::int64_t> all;
  for (const auto& [name, start] : calls()) {
    const auto times =
        watch.latencies(files, name, start, static_cast<std::size_t>(given.number("count", 40)));
    probe::figures_of(name, times);
    all.insert(all.end(), times.begin(), times.end());
  }
  probe::figures_of("all", all);
  probe::figure("held_by_daemon", faults.parked());
  probe::figure("parked", static_cast<std::int64_t>(engine.stats().parked));
  faults.clear();
  settle(watch.loop(), engine, "latency");
  probe::expect(probe::open_descriptors() <= before, "latency", "descriptors leak");
}

/// A read of a block whose caller gives up after `limit`.
ringfiles::detail::detached give_up_soon(ringfiles::operation<std::string> call,
                                         std::chrono::milliseconds limit, std::size_t& active) {
  ++active;
  try {
    co_await std::move(call).within(limit);
    probe::fail("parked", "a read that hangs has ended");
  } catch (const ringfiles::error& ended) {
    probe::expect(ended.code() == std::errc::timed_out, "parked", ended.what());
  }
  --active;
}

void parked(const probe::options& given, ringfiles::engine& engine) {
  const std::string folder = given.text("mount");
  probe::write_file(folder + "/hung_1", std::string(1 << 20, 'a'));
  const probe::fault_control faults(folder);
  hung_files files{folder, {}, {}, {}, {}, {}, {}, {}, {}};
  const auto open_one = [](hung_files& f) -> task<void> {
    f.at = co_await ringfiles::open(f.folder + "/hung_1", "rb");
  };
  ringfiles::run(engine, open_one(files));
  faults.apply("clear\nread hang 1 9999999 hung_*");
  probe::event_loop loop(engine);
  std::size_t active = 0, peak = 0, peak_bytes = 0;
  for (long i = 0; i < given.number("count", 2000); ++i) {
    give_up_soon(files.at.read_at(0, block_bytes), std::chrono::milliseconds(2), active);
    if (i % 100 != 99) continue;
    loop.run(patience_ns, [&] { return active == 0; });
    const auto stats = engine.stats();
    peak = std::max(peak, stats.parked);
    peak_bytes = std::max(peak_bytes, stats.parked_bytes);
    probe::expect(stats.parked <= stats.in_flight, "parked", "more parked than in flight");
  }
  loop.run_for(100'000'000);
  probe::figure("peak_parked", static_cast<std::int64_t>(peak));
  probe::figure("peak_parked_bytes", static_cast<std::int64_t>(peak_bytes));
  probe::figure("parked", static_cast<std::int64_t>(engine.stats().parked));
  probe::figure("held_by_daemon", faults.parked());
  faults.clear();
  settle(loop, engine, "parked");
}

ringfiles::detail::detached open_briefly(std::string path, std::string mode, long limit_us,
                                         std::size_t& active, std::size_t& opened) {
  ++active;
  try {
    auto file = co_await ringfiles::open(path, mode).within(std::chrono::microseconds(limit_us));
    ++opened;
  } catch (const ringfiles::error& ended) {
    probe::expect(ended.code() == std::errc::timed_out, "opens", ended.what());
  }
  --active;
}

void opens(const probe::options& given, ringfiles::engine& engine) {
  const std::string folder = given.text("mount");
  probe::write_file(folder + "/slow", "x");
  const probe::fault_control faults(folder);
  faults.apply("clear\nopen delay=20 1 9999999 slow*\ncreate delay=20 1 9999999 slow*");
  probe::event_loop loop(engine);
  const auto warm_up = [](std::string path) -> task<void> { co_await ringfiles::open(path, "rb"); };
  ringfiles::run(engine, warm_up(folder + "/slow"));
  loop.run(patience_ns, [&] { return engine.idle(); });
  const int before = probe::open_descriptors();
  const long count = given.number("count", 1000);
  std::size_t active = 0, opened = 0;
  for (long i = 0; i < count; ++i) {
    const bool makes = i % 4 == 3;
    const std::string path = folder + (makes ? "/slow" + std::to_string(i) : std::string("/slow"));
    // Most give up in flight; some just when the descriptor arrives.
    open_briefly(path, makes ? "wb" : "rb", i % 5 == 0 ? 20'000 + i % 7 * 1000 : i % 15 * 1000,
                 active, opened);
    if (i % 50 == 49) loop.run(patience_ns, [&] { return active == 0; });
  }
  settle(loop, engine, "opens");
  probe::figure("cancelled", count - static_cast<std::int64_t>(opened));
  probe::figure("began_at_daemon", faults.seen());
  probe::figure("leaked", probe::open_descriptors() - before);
  faults.clear();
}

void stream(const probe::options& given, ringfiles::engine& engine) {
  const std::string path = given.text("mount") + "/stream";
  const auto content =
      probe::numbered_bytes(static_cast<std::size_t>(given.number("bytes", 4 << 20)) / 8 * 8);
  probe::write_file(path, content);
  const probe::fault_control faults(given.text("mount"));
  faults.apply("clear\nread delay=3 1 9999999 stream");
  unsigned seed = 1;
  std::size_t cancelled = 0;
  for (const char* kind : {"read", "read_some", "readinto", "readline", "next_lines"}) {
    const bool by_line = std::string_view(kind) == "readline";
    if (by_line) probe::write_file(path, content.substr(0, content.size() / 16));
    interrupted_reader reader(path, kind, seed++);
    ringfiles::run(engine, reader.run());
    const std::size_t expected = by_line ? content.size() / 16 : content.size();
    probe::expect(reader.delivered() == content.substr(0, expected), kind,
                  "bytes are not as they "
                  "stand in the file: " +
                      std::to_string(reader.delivered().size()) + " of " +
                      std::to_string(expected));
    if (by_line) probe::write_file(path, content);
    cancelled += reader.cancelled();
  }
  probe::figure("cancelled", static_cast<std::int64_t>(cancelled));
  faults.clear();
}

}  // namespace
}  // namespace cancelling

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  ringfiles::engine engine(given.engine());
  ringfiles::engine::scope scope(engine);
  const std::string chosen = given.text("do");
  if (chosen == "latency") cancelling::latency(given, engine);
  if (chosen == "parked") cancelling::parked(given, engine);
  if (chosen == "opens") cancelling::opens(given, engine);
  if (chosen == "stream") cancelling::stream(given, engine);
  return probe::failures == 0 ? 0 : 1;
}
