// ERROR lines of several logs, by time, in one report: the article's log_aggregator.py.
#include <algorithm>
#include <iostream>
#include <ringfiles/ringfiles.hpp>

using found_line = std::pair<std::string, std::string>;  // source, line

ringfiles::task<std::vector<found_line>> extract_errors(std::string log) {
  std::vector<found_line> errors;
  try {
    auto file = co_await ringfiles::open(log);
    while (auto batch = co_await file.next_lines())
      for (std::string_view line : *batch)
        if (line.find("ERROR") != line.npos) errors.emplace_back(log, line);
  } catch (const ringfiles::error& problem) {
    if (problem.code() != std::errc::no_such_file_or_directory) throw;
    std::cout << "Skipping missing file: " << log << '\n';
  }
  co_return errors;
}

ringfiles::task<> write_report(std::string path, const std::vector<found_line>& errors) {
  auto file = co_await ringfiles::open(path, "w");
  co_await file.write("Error Report -- " + std::to_string(errors.size()) + " errors found\n");
  co_await file.write(std::string(50, '=') + "\n");
  for (const auto& [source, line] : errors) co_await file.write("[" + source + "] " + line + "\n");
  co_await file.close();
}

ringfiles::task<> run_example() {
  co_await ringfiles::write_bytes("service_a.log",
                                  "2026-05-07 08:01:00 INFO request received\n"
                                  "2026-05-07 08:01:05 ERROR DB timeout on query /users\n"
                                  "2026-05-07 08:01:10 INFO cache miss, querying DB\n");
  co_await ringfiles::write_bytes(
      "service_b.log",
      "2026-05-07 08:02:00 INFO worker started\n"
      "2026-05-07 08:02:15 ERROR queue consumer crashed: ConnectionReset\n"
      "2026-05-07 08:02:20 INFO restarting consumer\n");
  co_await ringfiles::write_bytes("service_c.log", "2026-05-07 08:03:00 INFO all nominal\n");

  std::vector<ringfiles::task<std::vector<found_line>>> readers;
  for (std::string log : {"service_a.log", "service_b.log", "service_c.log", "service_d.log"})
    readers.push_back(extract_errors(log));
  std::vector<found_line> errors;
  for (auto& part : co_await ringfiles::gather(std::move(readers)))
    errors.insert(errors.end(), part.begin(), part.end());
  std::ranges::stable_sort(errors, {}, [](const found_line& e) { return e.second.substr(0, 19); });

  co_await write_report("error_report.txt", errors);
  std::cout << "Report written: " << errors.size() << " errors aggregated\n";
  std::cout << co_await (co_await ringfiles::open("error_report.txt")).read();
}

int main() { ringfiles::run(run_example()); }
