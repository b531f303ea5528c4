// Reads a text file line by line, or measures memory: read_text PATH ENCODING, read_text PATH -.
// Prints seconds. bench/encodings_report.py runs it beside CPython.
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <ringfiles/ringfiles.hpp>
#include <string>

#include "text/newlines.hpp"
#include "text/utf8.hpp"

namespace {

using ringfiles::newline;
using ringfiles::task;
namespace text = ringfiles::text;

class stop_watch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

volatile std::size_t sink = 0;

task<std::size_t> count_characters(std::string path, ringfiles::encoding encoding) {
  ringfiles::open_options options;
  options.encoding = encoding;
  auto file = co_await ringfiles::open(path, "r", options);
  std::size_t bytes = 0;
  while (auto batch = co_await file.next_lines())
    for (const std::string_view line : *batch) bytes += line.size();
  co_return bytes;
}

void read_lines(const char* path, const char* encoding) {
  const stop_watch watch;
  sink = ringfiles::run(count_characters(path, encoding));
  std::cout << watch.seconds() << "\n";
}

/// Validation and lines, memcpy, and memchr for the newlines, over the whole file in memory.
void measure_memory(const char* path) {
  constexpr std::size_t block_bytes = 128 * 1024;
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  std::string copy(content.size(), 'x');
  const stop_watch copying;
  std::memcpy(copy.data(), content.data(), content.size());
  const double copied = copying.seconds();
  const stop_watch searching;
  std::size_t count = 0;
  for (const char* at = content.data(); at != nullptr; ++count) {
    at = static_cast<const char*>(
        std::memchr(at, '\n', static_cast<std::size_t>(content.data() + content.size() - at)));
    if (at != nullptr) ++at;
  }
  const double searched = searching.seconds();
  const stop_watch splitting;
  for (std::string_view left = content; !left.empty();) {
    const std::string_view part = left.substr(0, block_bytes);
    const std::size_t whole = part.size() == left.size() ? part.size() : part.rfind('\n') + 1;
    const std::string_view block = part.substr(0, whole);
    count += text::scan_utf8(block).valid;
    const newline mode = text::effective_newline(block, newline::universal);  // as a file does
    for (const std::string_view line : ringfiles::lines(nullptr, block, mode)) count += line.size();
    left.remove_prefix(whole);
  }
  const double split = splitting.seconds();
  sink = count + static_cast<unsigned char>(copy[copy.size() / 2]);
  std::cout << copied << " " << searched << " " << split << "\n";
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "read_text PATH ENCODING, or - for memcpy, memchr, and validation with lines\n";
    return 2;
  }
  std::strcmp(words[2], "-") == 0 ? measure_memory(words[1]) : read_lines(words[1], words[2]);
  return 0;
}
