// Appending: the article's append_log.py.
#include <ctime>
#include <iostream>
#include <ringfiles/ringfiles.hpp>

std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime_r(&now, &parts));
  return text;
}

ringfiles::task<> log_event(std::filesystem::path path, std::string level, std::string message) {
  auto file = co_await ringfiles::open(path, "a");
  co_await file.write("[" + timestamp() + "] " + level + ": " + message + "\n");
  co_await file.close();
}

ringfiles::task<> run_example() {
  const std::filesystem::path log = "events.log";
  co_await log_event(log, "INFO", "Application started");
  co_await log_event(log, "WARN", "Config missing -- using defaults");
  co_await log_event(log, "ERROR", "Database connection failed");

  // Several coroutines may share one file: their writes never interleave, and need no lock.
  auto shared = co_await ringfiles::open(log, "a");
  auto say = [](ringfiles::file& log_file, std::string who) -> ringfiles::task<> {
    co_await log_file.write("[" + timestamp() + "] INFO: " + who + " was here\n");
  };
  std::vector<ringfiles::task<>> both;
  both.push_back(say(shared, "one"));
  both.push_back(say(shared, "two"));
  co_await ringfiles::gather(std::move(both));
  co_await shared.close();

  auto file = co_await ringfiles::open(log);
  std::cout << co_await file.read();
}

int main() { ringfiles::run(run_example()); }
