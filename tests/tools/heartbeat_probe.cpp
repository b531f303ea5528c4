// heartbeat_probe: how late a heartbeat of 1 ms comes on a loop that works with files.
//
//     heartbeat_probe --backend=B --disk=FOLDER --direct=MOUNT --cached=MOUNT --big=FILE
//                     [--rounds=N] [--phase-ms=N] [--only=NAME]
//
// Each round has an idle phase and then a phase of each scenario, all on the same loop. Figures,
// one for each round, p99.9 of the lateness: idle_raw_us, idle_own_us, NAME_raw_us, NAME_own_us
// (see probe/event_loop.hpp for the two kinds); and NAME_ops, what was done meanwhile.
#include <functional>
#include <memory>

#include "heartbeat_probe/scenarios.hpp"
#include "probe/options.hpp"

namespace heartbeat {
namespace {

constexpr std::int64_t patience_ns = 20'000'000'000;

struct scenario {
  const char* name;
  const char* faults;  ///< for both mirrors
  std::function<void(work&, std::vector<task<void>>&)> start;
  bool evicts = false;
};

void make_fifos(const std::string& folder, std::size_t count, const std::string& name) {
  for (std::size_t i = 0; i < count; ++i)
    ::mkfifo((folder + "/" + name + std::to_string(i)).c_str(), 0600);
}

void start_fifo_opens(work& now, std::vector<task<void>>& tasks) {
  make_fifos(now.disk, 220, "lonely");
  for (std::size_t i = 0; i < 220; ++i)
    tasks.push_back(
        open_once(now, now.disk + "/lonely" + std::to_string(i), i < 200 ? "rb" : "wb"));
}

void start_fifo_reads(work& now, std::vector<task<void>>& tasks) {
  make_fifos(now.disk, 50, "silent");
  static std::vector<int> writers;
  for (std::size_t i = 0; i < 50; ++i) {
    const std::string path = now.disk + "/silent" + std::to_string(i);
    if (writers.size() < 50) writers.push_back(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    tasks.push_back(open_and_read(now, path));
  }
}

void start_hung(work& now, std::vector<task<void>>& tasks) {
  for (std::size_t i = 0; i < 64; ++i) tasks.push_back(read_blocks(now, now.direct + "/data", i));
  for (std::size_t i = 0; i < 16; ++i)
    tasks.push_back(open_once(now, now.direct + "/hung_open", "rb"));
}

std::vector<scenario> scenarios() {
  using tasks = std::vector<task<void>>;
  const auto times = [](std::size_t count, auto make) {
    return [=](work& now, tasks& all) {
      for (std::size_t i = 0; i < count; ++i) all.push_back(make(now, i));
    };
  };
  return {
      {"slow_direct", "read delay=1000 1 9999999 data",
       times(8,
             [](work& now, std::size_t i) { return read_blocks(now, now.direct + "/data", i); })},
      {"slow_cached", "read delay=1000 1 9999999 data",
       times(4, [](work& now, std::size_t) { return read_in_order(now, now.cached + "/data"); }),
       true},
      {"fifo_open", "", start_fifo_opens},
      {"fifo_read", "", start_fifo_reads},
      {"hung", "read hang 1 9999999 data\nopen hang 1 9999999 hung_open", start_hung},
      {"slow_calls", "* delay=50 1 9999999 visited*",
       times(8,
             [](work& now, std::size_t i) {
               return visit_slowly(now, (i % 2 == 0 ? now.direct : now.cached) + "/visited", i);
             })},
      {"cold_lines", "",
       times(1, [](work& now, std::size_t) { return read_cold_lines(now, now.big); }), true},
      {"cold_depth_64", "",
       times(64,
             [](work& now, std::size_t i) {
               return read_at_random(now, now.big, static_cast<unsigned>(i + 1));
             }),
       true},
      {"readline", "", times(1, [](work& now, std::size_t) { return read_lines(now, now.big); })},
      {"next_lines", "",
       times(1, [](work& now, std::size_t) { return read_batches(now, now.big); })},
      {"read_whole", "", times(1, [](work& now, std::size_t) { return read_whole(now, now.big); })},
      {"pieces_depth_64", "",
       times(64, [](work& now, std::size_t i) { return read_pieces(now, now.big, i); })},
      {"write_sync", "",
       times(2,
             [](work& now, std::size_t i) {
               return write_and_sync(now, now.disk + "/written" + std::to_string(i));
             })},
  };
}

class watch {
 public:
  watch(const probe::options& given, ringfiles::engine& engine)
      : given_(given),
        engine_(engine),
        loop_(engine),
        direct_(given.text("direct")),
        cached_(given.text("cached")),
        phase_ns_(given.number("phase-ms", 500) * 1'000'000) {}

  void idle() { report("idle", loop_.run_for(phase_ns_)); }

  void busy(const scenario& chosen) {
    std::stop_source stop;
    work now{given_.text("disk"), given_.text("direct"), given_.text("cached"), given_.text("big"),
             stop.get_token()};
    if (chosen.evicts) probe::evict(now.big);
    if (chosen.evicts) probe::evict(now.cached + "/data");
    for (const auto* faults : {&direct_, &cached_})
      faults->apply(std::string("clear\n") + chosen.faults);
    std::vector<task<void>> tasks;
    chosen.start(now, tasks);
    std::size_t active = tasks.size();
    for (auto& each : tasks) count_down(std::move(each), active, chosen.name);
    const auto lateness = loop_.run_for(phase_ns_);
    stop.request_stop();
    for (const auto* faults : {&direct_, &cached_}) faults->clear();
    loop_.run(patience_ns, [&] { return active == 0 && engine_.idle(); });
    if (active > 0 || !engine_.idle()) probe::give_up(std::string(chosen.name) + " does not end");
    report(chosen.name, lateness);
    probe::figure(std::string(chosen.name) + "_ops", static_cast<std::int64_t>(now.operations));
  }

 private:
  static ringfiles::detail::detached count_down(task<void> work, std::size_t& active,
                                                const char* name) {
    try {
      co_await std::move(work);
    } catch (const ringfiles::error& thrown) {
      if (thrown.code() != std::errc::operation_canceled) probe::fail(name, thrown.what());
    }
    --active;
  }

  static void report(const std::string& name, const probe::lateness& seen) {
    probe::figure(name + "_raw_us", probe::percentile(seen.raw, 999) / 1000);
    probe::figure(name + "_own_us", probe::percentile(seen.own, 999) / 1000);
  }

  const probe::options& given_;
  ringfiles::engine& engine_;
  probe::event_loop loop_;
  probe::fault_control direct_;
  probe::fault_control cached_;
  std::int64_t phase_ns_;
};

}  // namespace
}  // namespace heartbeat

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  const auto all = heartbeat::scenarios();
  for (long round = 0; round < given.number("rounds", 3); ++round) {
    // A fresh engine for each scenario, so that longest_turn_ns is its own.
    bool first = true;
    for (const auto& each : all) {
      if (given.has("only") && given.text("only") != each.name) continue;
      ringfiles::engine engine(given.engine());
      ringfiles::engine::scope scope(engine);
      heartbeat::watch watch(given, engine);
      if (std::exchange(first, false)) watch.idle();
      watch.busy(each);
    }
  }
  return probe::failures == 0 ? 0 : 1;
}
