// Uses the installed library as a program without an event loop would.
#include <cstdio>
#include <ringfiles/file.hpp>
#include <ringfiles/fs.hpp>
#include <ringfiles/task.hpp>
#include <string>

namespace {

ringfiles::task<std::string> round_trip(std::string path) {
  auto writer = co_await ringfiles::open(path, "w");
  co_await writer.write("first\nsecond\n");
  co_await writer.close();
  auto reader = co_await ringfiles::open(path);
  auto line = co_await reader.readline();
  co_await reader.close();
  co_await ringfiles::remove(path);
  co_return line.value_or("");
}

}  // namespace

int main() {
  const std::string line = ringfiles::run(round_trip("ringfiles_consumer.txt"));
  std::printf("the first line is: %s", line.c_str());
  return line == "first\n" ? 0 : 1;
}
