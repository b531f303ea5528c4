// fork_probe: forks in the middle of work; parent and child both go on.
//
//     fork_probe --backend=B --disk=FOLDER --mount=FAULTFS --do=middle [--count=N]
//     fork_probe --backend=B --disk=FOLDER --mount=FAULTFS --do=exec   [--count=N]
//     fork_probe --do=list          exit status: descriptors open beyond 0, 1 and 2
//
// Figures: forks, blocks (read by the parent and right), interrupted, inherited (descriptors).
#include <spawn.h>
#include <sys/wait.h>

#include "fork_probe/load.hpp"
#include "probe/options.hpp"

namespace forking {
namespace {

constexpr std::int64_t patience_ns = 20'000'000'000;
constexpr unsigned child_limit_s = 20;
constexpr int child_failed = 9;

task<void> visit(load& on, std::string out, std::size_t& right) {
  auto file = co_await ringfiles::open(on.disk + "/data", "rb");
  for (std::size_t at = 0; at < file_bytes; at += 64 * block_bytes)
    right += co_await file.read_at(at, block_bytes) == content().substr(at, block_bytes) ? 1 : 0;
  auto slow = co_await ringfiles::open(on.mount + "/data", "rb");
  right += co_await slow.read(block_bytes) == content().substr(0, block_bytes) ? 1 : 0;
  auto made = co_await ringfiles::open(out, "wb");
  co_await made.write(content());
  co_await made.sync();
  co_await made.close();
  right += co_await ringfiles::read_bytes(out) == content() ? 1 : 0;
  // On a file system that the parent has never met: what is known of devices is learnt anew.
  auto strange = co_await ringfiles::open("/proc/self/status");
  right += (co_await strange.read()).starts_with("Name:") ? 1 : 0;
}

/// Never returns. On the inherited engine, or on one of its own while the other is left alone.
[[noreturn]] void be_child(load& on, ringfiles::engine& inherited, bool inside_turn,
                           const ringfiles::engine_options& options) {
  ::alarm(child_limit_s);  // a child that hangs dies of it
  std::size_t right = 0;
  const std::string out = on.disk + "/child" + std::to_string(::getpid());
  probe::evict(on.disk + "/data");
  if (inside_turn) {
    ringfiles::engine own(options);
    ringfiles::run(own, visit(on, out, right));
  } else {
    on.over = true;
    const std::size_t before = on.interrupted;
    probe::event_loop loop(inherited);
    const auto rings = inherited.stats()[ringfiles::rung::ring];
    ringfiles::run(inherited, visit(on, out, right));
    loop.run(patience_ns, [&] { return on.active == 0; });
    probe::expect(on.active == 0, "child", "tasks of the parent do not end in the child");
    probe::expect(on.interrupted > before, "child", "nothing was in flight");
    if (options.backend == ringfiles::backend_kind::uring)
      probe::expect(inherited.stats()[ringfiles::rung::ring] > rings, "child", "it has no ring");
  }
  ::unlink(out.c_str());
  probe::expect(right == file_bytes / (64 * block_bytes) + 3, "child", "it read wrong bytes");
  std::_Exit(probe::failures == 0 ? 0 : child_failed);
}

task<void> fork_inside(load& on, ringfiles::engine& engine, ringfiles::engine_options options,
                       std::vector<pid_t>& children) {
  co_await ringfiles::sleep_for(std::chrono::milliseconds(2));
  const pid_t child = ::fork();
  if (child == 0) be_child(on, engine, true, options);
  children.push_back(child);
}

void reap(std::vector<pid_t>& children, bool wait) {
  for (auto each = children.begin(); each != children.end();) {
    int status = 0;
    if (::waitpid(*each, &status, wait ? 0 : WNOHANG) == 0) {
      ++each;
      continue;
    }
    if (status != 0)
      probe::fail("child", WIFSIGNALED(status)
                               ? "killed by signal " + std::to_string(WTERMSIG(status))
                               : "exit status " + std::to_string(WEXITSTATUS(status)));
    each = children.erase(each);
  }
}

void fork_in_the_middle(load& on, ringfiles::engine& engine, const probe::options& given) {
  probe::event_loop loop(engine);
  std::vector<pid_t> children;
  start(on);
  for (long i = 0; i < given.number("count", 20) && probe::failures == 0; ++i) {
    if (i % 4 == 0) probe::evict(on.disk + "/data");
    loop.run_for(2'000'000 + i % 7 * 1'000'000);
    if (i % 3 == 2) {
      count_down(on, fork_inside(on, engine, given.engine(), children), "fork");
      loop.run_for(4'000'000);
    } else {
      const pid_t child = ::fork();
      if (child == 0) be_child(on, engine, false, given.engine());
      children.push_back(child);
    }
    reap(children, false);
    while (children.size() > 4) {
      loop.run_for(1'000'000);
      reap(children, false);
    }
  }
  on.over = true;
  loop.run(patience_ns, [&] { return on.active == 0 && engine.idle(); });
  reap(children, true);
  probe::expect(on.active == 0, "parent", "its work does not end");
  probe::expect(on.interrupted == 0, "parent", "a call was interrupted by the fork");
}

int spawn_list(bool by_fork) {
  char program[] = "/proc/self/exe", list[] = "--do=list";
  char* arguments[] = {program, list, nullptr};
  pid_t child = -1;
  if (by_fork) {
    child = ::fork();
    if (child == 0) {
      ::execv(program, arguments);
      std::_Exit(127);
    }
  } else if (::posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0) {
    return -1;
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void fork_and_exec(load& on, ringfiles::engine& engine, const probe::options& given) {
  probe::event_loop loop(engine);
  start(on);
  std::int64_t inherited = 0;
  loop.run_for(20'000'000);
  for (long i = 0; i < given.number("count", 1000); ++i) {
    loop.run_for(500'000);
    if (i % 50 == 0) probe::evict(on.disk + "/data");
    const int count = spawn_list(i % 2 == 0);
    if (!probe::expect(count >= 0, "exec", "the child did not run")) break;
    inherited += count;
  }
  probe::figure("inherited", inherited);
  on.over = true;
  loop.run(patience_ns, [&] { return on.active == 0 && engine.idle(); });
  probe::expect(on.active == 0, "parent", "its work does not end");
}

}  // namespace
}  // namespace forking

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  const std::string chosen = given.text("do");
  if (chosen == "list") return std::min(probe::open_descriptors() - 3, 100);
  ringfiles::engine engine(given.engine());
  ringfiles::engine::scope scope(engine);
  forking::load on{given.text("disk"), given.text("mount"), false, 0, 0, 0, {}};
  for (const auto& folder : {on.disk, on.mount})
    probe::write_file(folder + "/data", forking::content());
  if (chosen == "middle") forking::fork_in_the_middle(on, engine, given);
  if (chosen == "exec") forking::fork_and_exec(on, engine, given);
  const auto read_back = [](std::string path) -> ringfiles::task<std::string> {
    co_return co_await ringfiles::read_bytes(path);
  };
  const std::string stored = ringfiles::run(engine, read_back(on.disk + "/out"));
  probe::expect(stored == on.written, "written", "the file is not what was accepted");
  probe::figure("blocks", static_cast<std::int64_t>(on.blocks));
  probe::figure("ring", static_cast<std::int64_t>(engine.stats()[ringfiles::rung::ring]));
  return probe::failures == 0 ? 0 : 1;
}
