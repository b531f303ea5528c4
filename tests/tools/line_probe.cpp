// line_probe: what a line of a gigabyte costs.
//
//     line_probe --do=make --file=FILE [--mib=N] [--end=crlf|none]
//     line_probe --backend=B --do=HOW --file=FILE [--mib=N] [--mode=M] [--encoding=E] [--end=…]
//
// make writes two short lines, a line of N MiB, and a thousand short ones; `none`: the long line is
// the last and lacks its end; `--encoding=utf-16-le` writes it so. HOW reads it again: readline,
// next_lines, or limit, which is readline() of at most 64 KiB at a time. Each byte is compared.
// Figures: lines, and peak_kib, the most memory that was resident.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "probe/figures.hpp"
#include "probe/options.hpp"

namespace {

using ringfiles::task;

constexpr std::size_t mebibyte = 1 << 20;
constexpr std::size_t limit_characters = 64 * 1024;
constexpr int lines_before = 2;
constexpr int lines_behind = 1000;

/// A period that no buffer has, so that bytes lost, doubled or moved show.
const std::string& pattern() {
  static const std::string made = [] {
    std::string bytes;
    for (int i = 0; i < 9973; ++i) bytes += static_cast<char>('a' + i * i % 26);
    return bytes;
  }();
  return made;
}

/// The long line is the pattern again and again; true if `part` stands in it at `offset`.
bool stands_at(std::size_t offset, std::string_view part) {
  while (!part.empty()) {
    const std::size_t at = offset % pattern().size();
    const std::size_t size = std::min(part.size(), pattern().size() - at);
    if (std::memcmp(part.data(), pattern().data() + at, size) != 0) return false;
    part.remove_prefix(size);
    offset += size;
  }
  return true;
}

std::string short_line(int number) { return "short line " + std::to_string(number); }

std::string widened(std::string_view text) {
  std::string wide;
  for (const char byte : text) wide.append({byte, '\0'});
  return wide;
}

struct plan {
  explicit plan(const probe::options& given)
      : path(given.text("file")),
        bytes(static_cast<std::size_t>(given.number("mib", 1024)) * mebibyte),
        ends(given.text("end") != "none"),
        end(given.text("end") == "crlf" ? "\r\n" : "\n"),
        encoding(given.text("encoding", "utf-8")) {}

  std::string path;
  std::size_t bytes;
  bool ends;
  std::string end;
  std::string encoding;
};

void make(const plan& wanted) {
  std::ofstream out(wanted.path, std::ios::binary);
  const bool wide = wanted.encoding == "utf-16-le";
  const auto put = [&](const std::string& text) { out << (wide ? widened(text) : text); };
  for (int i = 0; i < lines_before; ++i) put(short_line(i) + wanted.end);
  const std::string part = wide ? widened(pattern()) : pattern();
  const auto width = static_cast<std::size_t>(wide ? 2 : 1);
  for (std::size_t left = wanted.bytes; left > 0;) {
    const std::size_t size = std::min(left, pattern().size());
    out.write(part.data(), static_cast<std::streamsize>(size * width));
    left -= size;
  }
  if (!wanted.ends) return;
  put(wanted.end);
  for (int i = 0; i < lines_behind; ++i) put(short_line(lines_before + 1 + i) + wanted.end);
}

/// Takes lines, or parts of them, in their order.
class judge {
 public:
  explicit judge(const plan& wanted) : wanted_(wanted) {}

  void take(std::string_view part) {
    const bool ended = part.ends_with('\n');
    if (ended) part.remove_suffix(part.ends_with("\r\n") ? 2 : 1);
    take_content(part);
    if (ended) end_line();
  }
  void take_content(std::string_view part) {
    const bool good = lines_ == lines_before ? stands_at(column_, part)
                                             : part == std::string_view(short_line(lines_));
    if (!good) probe::give_up("another content of line " + std::to_string(lines_));
    column_ += part.size();
  }
  void end_line() {
    if (lines_ == lines_before) probe::expect(column_ == wanted_.bytes, "length of the long line");
    ++lines_;
    column_ = 0;
  }
  void end_file() {
    if (column_ > 0) end_line();
    const int all = lines_before + 1 + (wanted_.ends ? lines_behind : 0);
    probe::expect(lines_ == all, "number of lines", std::to_string(lines_));
    probe::figure("lines", lines_);
  }

 private:
  const plan& wanted_;
  int lines_ = 0;
  std::size_t column_ = 0;
};

task<void> read_lines(ringfiles::file file, std::size_t limit, judge& seen) {
  while (auto line = co_await file.readline(limit)) seen.take(*line);
}

task<void> read_batches(ringfiles::file file, judge& seen) {
  while (auto batch = co_await file.next_lines())
    for (const std::string_view line : *batch) {
      seen.take_content(line);
      seen.end_line();
    }
}

task<void> read(const probe::options& given, const plan& wanted, judge& seen) {
  ringfiles::open_options options;
  options.encoding = std::string_view(wanted.encoding);
  auto file = co_await ringfiles::open(wanted.path, given.text("mode", "r"), options);
  const std::string how = given.text("do");
  if (how == "next_lines")
    co_await read_batches(std::move(file), seen);
  else
    co_await read_lines(std::move(file), how == "limit" ? limit_characters : ringfiles::all, seen);
}

/// Of this program alone: ru_maxrss remembers its parent's, too.
std::int64_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtoll(line.c_str() + 6, nullptr, 10);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  const plan wanted(given);
  if (given.text("do") == "make") {
    make(wanted);
    return 0;
  }
  ringfiles::engine engine(given.engine());
  judge seen(wanted);
  ringfiles::run(engine, read(given, wanted, seen));
  seen.end_file();
  probe::figure("peak_kib", peak_kib());
  return probe::failures == 0 ? 0 : 1;
}
