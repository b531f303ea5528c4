// copy_probe: copies a file whose transfers a fault tool cuts short.
//
//     copy_probe --backend=B --source=FILE --target=FILE --plain=FILE [--runs=N] [--seed=N]
//
// `plain` is the target seen past the fault tool. Figures: runs, bytes.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "probe/copying.hpp"
#include "probe/figures.hpp"
#include "probe/options.hpp"

namespace {

std::string content_of(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(content).str();
}

}  // namespace

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  ringfiles::engine engine(given.engine());
  const ringfiles::engine::scope scope(engine);
  const std::string target = given.text("target"), plain = given.text("plain");
  const std::string expected = content_of(given.text("source"));
  const auto first = static_cast<std::uint64_t>(given.number("seed", 0));
  const auto runs = static_cast<std::uint64_t>(given.number("runs", 1));
  for (std::uint64_t run = 0; run < runs && probe::failures == 0; ++run) {
    try {
      ringfiles::run(engine, probe::copy_file(given.text("source"), target, first + run));
    } catch (const ringfiles::error& failure) {
      probe::fail("copy", "seed " + std::to_string(first + run) + ": " + failure.what());
    }
    probe::expect(content_of(plain) == expected, "the copy is the same",
                  "seed " + std::to_string(first + run));
    std::remove(target.c_str());
  }
  probe::figure("runs", static_cast<std::int64_t>(runs));
  probe::figure("bytes", static_cast<std::int64_t>(runs * expected.size()));
  return probe::failures == 0 ? 0 : 1;
}
