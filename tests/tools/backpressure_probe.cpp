// backpressure_probe: what a program holds in memory that writes faster than its disk.
//
//     backpressure_probe --backend=B --file=FILE --how=awaited|queued [--count=N]
//
// N records of 64 bytes, each a write() of its own: `awaited`, one after the other; `queued`, all
// begun before the first has ended, each in a coroutine that owns its record. Then the file must
// hold them in their order. Figures: bytes, begun_kib, by which all had grown when the last was
// begun, peak_kib, by which it grew in all, elapsed_ms, longest_turn_us.
#include <cstdio>
#include <fstream>
#include <string>

#include "probe/event_loop.hpp"
#include "probe/figures.hpp"
#include "probe/options.hpp"

namespace {

using ringfiles::task;

std::string record(std::int64_t number) {
  char text[65];
  std::snprintf(text, sizeof text, "%063lld\n", static_cast<long long>(number));
  return text;
}

std::int64_t kib_of(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::strtoll(line.c_str() + field.size(), nullptr, 10);
  return 0;
}

struct progress {
  std::int64_t written = 0;
};

task<void> write_one(ringfiles::file& file, std::string text, progress& so_far) {
  co_await file.write(text);
  ++so_far.written;
}

task<void> write_all(std::string path, std::string how, std::int64_t count) {
  auto file = co_await ringfiles::open(path, "wb");
  const std::int64_t before = kib_of("VmRSS:");
  progress so_far;
  for (std::int64_t i = 0; i < count; ++i) {
    if (how == "queued")
      probe::spawn(write_one(file, record(i), so_far), "write");
    else
      co_await write_one(file, record(i), so_far);
  }
  probe::figure("begun_kib", kib_of("VmRSS:") - before);
  co_await file.flush();
  probe::expect(so_far.written == count, "all writes ended", std::to_string(so_far.written));
  co_await file.close();
  probe::figure("peak_kib", kib_of("VmHWM:") - before);
}

void check_order(const std::string& path, std::int64_t count) {
  std::ifstream in(path);
  std::string line;
  std::int64_t number = 0;
  for (; std::getline(in, line); ++number)
    if (line + "\n" != record(number)) break;
  probe::expect(number == count, "records in their order", "up to " + std::to_string(number));
}

}  // namespace

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  const std::string path = given.text("file");
  const std::int64_t count = given.number("count", 1000);
  const std::int64_t start = probe::now_ns();
  {
    ringfiles::engine engine(given.engine());
    const ringfiles::engine::scope scope(engine);
    ringfiles::run(engine, write_all(path, given.text("how", "awaited"), count));
    probe::figure("longest_turn_us",
                  static_cast<std::int64_t>(engine.stats().longest_turn_ns / 1000));
  }
  probe::figure("elapsed_ms", (probe::now_ns() - start) / 1'000'000);
  probe::figure("bytes", count * 64);
  check_order(path, count);
  return probe::failures == 0 ? 0 : 1;
}
