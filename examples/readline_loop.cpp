// Line by line: the article's readline_loop.py.
#include <iostream>
#include <ringfiles/ringfiles.hpp>

// region: count
ringfiles::task<std::size_t> count_errors(std::filesystem::path log) {
  auto file = co_await ringfiles::open(log);
  std::size_t errors = 0;
  while (auto line = co_await file.readline())
    errors += line->find("ERROR") != std::string::npos ? 1 : 0;
  co_return errors;
}
// endregion

// The same, several times as fast: one await per buffer instead of one per line.
ringfiles::task<std::size_t> count_errors_in_batches(std::filesystem::path log) {
  auto file = co_await ringfiles::open(log);
  std::size_t errors = 0;
  while (auto batch = co_await file.next_lines())
    for (std::string_view line : *batch) errors += line.find("ERROR") != line.npos ? 1 : 0;
  co_return errors;
}

const std::vector<std::string> log_lines{
    "2026-05-07 INFO server started\n",
    "2026-05-07 ERROR connection refused: db host unreachable\n",
    "2026-05-07 INFO request handled in 12ms\n",
    "2026-05-07 ERROR timeout after 30s on /api/data\n",
    "2026-05-07 INFO cache hit ratio: 0.87\n",
};

ringfiles::task<> run_example() {
  auto file = co_await ringfiles::open("app.log", "w");
  co_await file.writelines(log_lines);
  co_await file.close();

  std::cout << "Error lines found: " << co_await count_errors("app.log") << '\n';
  std::cout << "In batches: " << co_await count_errors_in_batches("app.log") << '\n';
}

int main() { ringfiles::run(run_example()); }
