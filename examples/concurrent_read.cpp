// Many files at once: the article's concurrent_read.py.
#include <chrono>
#include <cstdio>
#include <ringfiles/ringfiles.hpp>

struct line_count {
  std::string path;
  std::size_t lines;
};

ringfiles::task<line_count> count_lines(std::string path) {
  auto file = co_await ringfiles::open(path);
  std::size_t lines = 0;
  while (auto batch = co_await file.next_lines()) lines += batch->count();
  co_return line_count{path, lines};
}

ringfiles::task<std::string> make_log(int i) {
  const std::string path = "log_" + std::to_string(i) + ".txt";
  auto file = co_await ringfiles::open(path, "w");
  for (int j = 0; j < (i + 1) * 100; ++j)
    co_await file.write((j == 0 ? "Line " : "\nLine ") + std::to_string(j));
  co_await file.close();
  co_return path;
}

ringfiles::task<> run_example() {
  std::vector<ringfiles::task<std::string>> writers;
  for (int i = 0; i < 5; ++i) writers.push_back(make_log(i));
  const auto paths = co_await ringfiles::gather(std::move(writers));

  const auto start = std::chrono::steady_clock::now();
  std::vector<ringfiles::task<line_count>> readers;
  for (const auto& path : paths) readers.push_back(count_lines(path));
  const auto results = co_await ringfiles::gather(std::move(readers));
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

  for (const auto& [path, lines] : results) std::printf("%s: %zu lines\n", path.c_str(), lines);
  std::printf("Completed in %.4fs\n", elapsed.count());
}

int main() { ringfiles::run(run_example()); }
