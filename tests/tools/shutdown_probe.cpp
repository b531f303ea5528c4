// shutdown_probe: ends in the way that is asked for while calls hang.
//
//     shutdown_probe --backend=B --mount=FAULTFS --hung=KIND --end=HOW [--count=N]
//
// KIND: reads, opens, writes, syncs, closes, mixed. HOW: engine_first, tasks_first, files_first,
// exit (std::exit, nothing destroyed), exit_in_task, exit_static (destroyed by exit handlers),
// thread (main returns while another thread runs the loop).
// Figure: ending_at_ns, the moment (CLOCK_MONOTONIC) from which the driver counts.
#include <array>
#include <optional>
#include <thread>

#include "probe/event_loop.hpp"
#include "probe/faults.hpp"
#include "probe/options.hpp"

namespace {

using ringfiles::task;

constexpr const char* faults_of_calls =
    "clear\nread hang 1 9999999 hung*\nwrite hang 1 9999999 hung*\nfsync hang 1 9999999 hung*\n"
    "flush hang 1 9999999 closed*\nopen hang 1 9999999 opened";

/// Everything that may be alive when the process ends. Members go from the last to the first.
struct program {
  std::optional<ringfiles::engine> engine;
  std::vector<ringfiles::file> files;
  std::vector<task<void>> tasks;
};

/// What the number-th call is.
std::string call_of(const std::string& kind, std::size_t number) {
  constexpr std::array calls{"reads", "opens", "writes", "syncs", "closes"};
  return kind == "mixed" ? calls[number % calls.size()] : kind;
}

// A close asks the daemon, too: the kernel does that for all open files when the process has
// ended, so it may hang only where a call of ours has begun it.
std::string path_of(const probe::options& given, std::size_t number) {
  const bool closes = call_of(given.text("hung"), number) == "closes";
  return given.text("mount") + (closes ? "/closed" : "/hung") + std::to_string(number);
}

task<void> open_files(program& in, const probe::options& given, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    in.files.push_back(co_await ringfiles::open(path_of(given, i), "r+b"));
}

task<void> hang(ringfiles::file& file, std::string kind, std::size_t number, std::string mount) {
  if (kind == "reads" && number % 2 == 0) co_await file.read();
  if (kind == "reads") co_await file.read_at(0, 4096);
  if (kind == "opens") co_await ringfiles::open(mount + "/opened");
  if (kind == "writes" && number % 2 == 0) co_await file.write(std::string(2 << 20, 'w'));
  if (kind == "writes") co_await file.write("buffered");
  if (kind == "writes") co_await file.flush();
  if (kind == "syncs") co_await file.sync();
  if (kind == "closes") co_await file.close();
  probe::fail("hang", kind + " does not hang");
}

/// Runs until everything hangs. The tasks stay in `in`, suspended, as a program's own would.
void start(program& in, const probe::options& given) {
  const std::string mount = given.text("mount");
  const auto count = static_cast<std::size_t>(given.number("count", 64));
  for (std::size_t i = 0; i < count; ++i)
    probe::write_file(path_of(given, i), std::string(1 << 16, 'h'), false);
  probe::write_file(mount + "/opened", "x", false);
  in.engine.emplace(given.engine());
  static thread_local std::optional<ringfiles::engine::scope> scope;
  scope.emplace(*in.engine);
  ringfiles::run(*in.engine, open_files(in, given, count));
  const probe::fault_control faults(mount);
  faults.apply(faults_of_calls);
  for (std::size_t i = 0; i < count; ++i)
    in.tasks.push_back(hang(in.files[i], call_of(given.text("hung"), i), i, mount));
}

/// A wrapper that starts each task and keeps its frame reachable from `in`.
struct waiter {
  struct promise_type {
    waiter get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {}  // cancelled by the end of the engine
  };
  std::coroutine_handle<promise_type> handle;
};

waiter wait_for(task<void>& work) { co_await std::move(work); }

void end_now() {
  probe::figure("ending_at_ns", probe::now_ns());
  if (probe::failures > 0) std::_Exit(1);
}

task<void> exit_soon() {
  co_await ringfiles::sleep_for(std::chrono::milliseconds(5));
  end_now();
  std::exit(0);
}

int run(program& in, const probe::options& given) {
  start(in, given);
  std::vector<waiter> waiters;
  waiters.reserve(in.tasks.size());
  for (auto& each : in.tasks) waiters.push_back(wait_for(each));
  const std::string how = given.text("end");
  probe::event_loop loop(*in.engine);
  loop.run_for(100'000'000);
  probe::figure("in_flight", static_cast<std::int64_t>(in.engine->stats().in_flight));
  if (how == "exit_in_task") {
    probe::spawn(exit_soon(), "exit");
    loop.run_for(10'000'000'000);
  }
  end_now();
  if (how == "exit" || how == "exit_static") std::exit(0);
  if (how == "engine_first") in.engine.reset();
  if (how == "tasks_first")
    for (auto& each : waiters) each.handle.destroy();
  if (how == "tasks_first" || how == "files_first") in.files.clear();
  return 0;
}

program& static_program() {
  static program instance;
  return instance;
}

}  // namespace

int main(int argc, char** argv) {
  static const probe::options given(argc, argv);
  const std::string how = given.text("end");
  if (how == "exit_static") return run(static_program(), given);
  if (how == "thread") {
    static auto& in = *new program;
    std::thread([] {
      start(in, given);
      for (auto& each : in.tasks) wait_for(each);
      probe::event_loop(*in.engine).run_for(60'000'000'000);
    }).detach();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    end_now();
    return 0;
  }
  program in;
  return run(in, given);
}
