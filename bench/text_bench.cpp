// How fast the text floor is, next to std::getline over an std::ifstream.
//
// The texts are logs of 80 MB with lines of 60 to 120 bytes: too long for the branch predictor to
// learn, which flatters every splitter that works on a small text again and again. What is timed
// works on one block at a time, just read and therefore in the second-level cache. The parts are
// measured by the wall clock: compare them on an idle machine only.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ringfiles/lines.hpp"
#include "text/instruction_set.hpp"
#include "text/newlines.hpp"
#include "text/utf8.hpp"

namespace {

using ringfiles::lines;
using ringfiles::newline;

constexpr std::size_t text_bytes = 80 << 20;
constexpr std::size_t block_bytes = 128 << 10;

std::string make_log(std::string_view terminator, std::string_view letter) {
  std::mt19937 random(1);
  std::string text;
  text.reserve(text_bytes + 256);
  while (text.size() < text_bytes) {
    const std::size_t length = 60 + random() % 61;
    const std::size_t end = text.size() + length - terminator.size();
    while (text.size() < end) {
      if (letter.size() == 1)
        text += static_cast<char>('a' + text.size() * 7 % 26);
      else
        text += letter;
    }
    text += terminator;
  }
  return text;
}

const std::string& ascii_log() {
  static const std::string text = make_log("\n", "a");
  return text;
}

const std::string& crlf_log() {
  static const std::string text = make_log("\r\n", "a");
  return text;
}

const std::string& emoji_log() {
  static const std::string text = make_log("\n", "😀");
  return text;
}

const std::string& japanese_log() {
  static const std::string text = make_log("\n", "日");
  return text;
}

/// The ASCII log in a file that goes away with the process; once written it stays cached.
class log_file {
 public:
  log_file() {
    std::string pattern = std::filesystem::temp_directory_path() / "ringfiles-bench-XXXXXX";
    const int fd = mkstemp(pattern.data());
    if (fd < 0) std::abort();
    close(fd);
    path_ = pattern;
    std::ofstream(path_, std::ios::binary) << ascii_log();
  }
  ~log_file() { std::filesystem::remove(path_); }
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;

  static const std::filesystem::path& path() {
    static const log_file file;
    return file.path_;
  }

 private:
  std::filesystem::path path_;
};

/// Calls `use(block)` for the whole lines in every block of the file, as a reader would.
template <class Use>
void for_each_block(std::size_t size, Use use) {
  const int fd = open(log_file::path().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) std::abort();
  std::vector<char> block(size);
  std::size_t kept = 0;
  for (;;) {
    const ssize_t got = read(fd, block.data() + kept, size - kept);
    if (got <= 0) break;
    const std::string_view bytes(block.data(), kept + static_cast<std::size_t>(got));
    const std::size_t whole = ringfiles::text::end_of_last_line(bytes, newline::lf, false);
    use(bytes.substr(0, whole));
    kept = bytes.size() - whole;
    std::memmove(block.data(), block.data() + whole, kept);
  }
  close(fd);
}

std::size_t use_line(std::string_view line) {
  return line.size() + (line.empty() ? 0u : static_cast<unsigned char>(line[0]));
}

void count_bytes(benchmark::State& state, std::size_t per_iteration) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(per_iteration));
}

// ---- The whole way: a cached file, line by line ----

void BM_file_getline(benchmark::State& state) {
  for (auto _ : state) {
    std::ifstream file(log_file::path());
    std::string line;
    std::size_t sum = 0;
    while (std::getline(file, line)) sum += use_line(line);
    benchmark::DoNotOptimize(sum);
  }
  count_bytes(state, ascii_log().size());
}
BENCHMARK(BM_file_getline)->Unit(benchmark::kMillisecond);

void BM_file_read_only(benchmark::State& state) {
  for (auto _ : state) {
    for_each_block(static_cast<std::size_t>(state.range(0)),
                   [](std::string_view bytes) { benchmark::DoNotOptimize(bytes.data()); });
  }
  count_bytes(state, ascii_log().size());
}
BENCHMARK(BM_file_read_only)
    ->RangeMultiplier(2)
    ->Range(64 << 10, 256 << 10)
    ->Unit(benchmark::kMillisecond);

/// Read, validate, split, iterate. Arguments: the block in bytes, the newline mode.
void BM_file_lines(benchmark::State& state) {
  const auto mode = static_cast<newline>(state.range(1));
  for (auto _ : state) {
    std::size_t sum = 0;
    for_each_block(static_cast<std::size_t>(state.range(0)), [&](std::string_view bytes) {
      sum += ringfiles::text::scan_utf8(bytes).valid;
      for (const std::string_view line : lines(nullptr, bytes, mode)) sum += use_line(line);
    });
    benchmark::DoNotOptimize(sum);
  }
  count_bytes(state, ascii_log().size());
}
BENCHMARK(BM_file_lines)
    ->ArgsProduct({{64 << 10, 128 << 10, 256 << 10},
                   {static_cast<int>(newline::universal), static_cast<int>(newline::lf)}})
    ->ArgNames({"block", "mode"})
    ->Unit(benchmark::kMillisecond);

// ---- The parts: a block that was just copied ----

/// Times `use(block)` for every block of the text, without the copying in front of it.
template <class Use>
void time_blocks(benchmark::State& state, const std::string& text, Use use) {
  using clock = std::chrono::steady_clock;
  std::string block(block_bytes, '\0');
  const std::size_t blocks = text.size() / block_bytes;
  for (auto _ : state) {
    clock::duration spent{};
    for (std::size_t i = 0; i < blocks; ++i) {
      std::memcpy(block.data(), text.data() + i * block_bytes, block_bytes);
      const auto start = clock::now();
      benchmark::DoNotOptimize(use(block));
      spent += clock::now() - start;
    }
    state.SetIterationTime(std::chrono::duration<double>(spent).count());
  }
  count_bytes(state, blocks * block_bytes);
}

template <class Use>
void add(const char* name, const std::string& (*text)(), Use use) {
  benchmark::RegisterBenchmark(name,
                               [=](benchmark::State& state) { time_blocks(state, text(), use); })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

template <newline mode>
std::size_t iterate(std::string_view block) {
  std::size_t sum = 0;
  for (const std::string_view line : lines(nullptr, block, mode)) sum += use_line(line);
  return sum;
}

std::size_t memchr_per_line(std::string_view block) {
  std::size_t sum = 0;
  while (const void* end = std::memchr(block.data(), '\n', block.size())) {
    const auto size = static_cast<std::size_t>(static_cast<const char*>(end) - block.data());
    sum += use_line(block.substr(0, size));
    block.remove_prefix(size + 1);
  }
  return sum;
}

template <newline mode>
std::size_t search_per_line(std::string_view block) {
  std::size_t sum = 0;
  while (const auto end = ringfiles::text::find_line_end(block, mode, 0, true)) {
    sum += use_line(block.substr(0, end->content));
    block.remove_prefix(end->total);
  }
  return sum;
}

std::size_t validate(std::string_view block) { return ringfiles::text::scan_utf8(block).valid; }

/// A block cut out of a text may begin inside a character.
std::size_t validate_from_character(std::string_view block) {
  while ((block.front() & 0xc0) == 0x80) block.remove_prefix(1);
  return validate(block);
}

std::size_t count(std::string_view block) { return ringfiles::text::count_characters(block); }

std::size_t find_character(std::string_view block) {
  return ringfiles::text::offset_of_character(block, block.size() / 4);
}

std::size_t translate_for_reading(std::string& block) {
  ringfiles::text::translate_for_reading(block, newline::universal);
  const std::size_t size = block.size();
  block.resize(block_bytes);
  return size;
}

std::size_t translate_for_writing(std::string_view block) {
  return ringfiles::text::translate_for_writing(block, newline::crlf).size();
}

std::size_t escape(std::string& block) {
  for (std::size_t i = 0; i < block.size(); i += 100) block[i] = '\xff';
  return ringfiles::text::escape_malformed(block).size();
}

void add_all() {
  add("BM_lines_lf", ascii_log, iterate<newline::lf>);
  add("BM_lines_universal", ascii_log, iterate<newline::universal>);
  add("BM_lines_universal_of_crlf", crlf_log, iterate<newline::universal>);
  add("BM_lines_crlf", crlf_log, iterate<newline::crlf>);
  add("BM_memchr_per_line", ascii_log, memchr_per_line);
  add("BM_find_line_end_lf", ascii_log, search_per_line<newline::lf>);
  add("BM_find_line_end_universal", ascii_log, search_per_line<newline::universal>);
  add("BM_scan_utf8_ascii", ascii_log, validate);
  add("BM_scan_utf8_japanese", japanese_log, validate_from_character);
  add("BM_scan_utf8_emoji", emoji_log, validate_from_character);
  add("BM_count_characters_ascii", ascii_log, count);
  add("BM_count_characters_japanese", japanese_log, count);
  add("BM_offset_of_character_ascii", ascii_log, find_character);
  add("BM_offset_of_character_japanese", japanese_log, find_character);
  add("BM_translate_for_reading_crlf", crlf_log, translate_for_reading);
  add("BM_translate_for_writing_crlf", ascii_log, translate_for_writing);
  add("BM_escape_malformed_every_100", ascii_log, escape);
}

/// What each set of vector instructions makes of the two loops that see every byte.
void add_instruction_sets() {
  for (const auto* set : ringfiles::text::usable_instruction_sets()) {
    const auto check = [set](std::string_view block) {
      while ((block.front() & 0xc0) == 0x80) block.remove_prefix(1);
      return set->skip_well_formed(block.data(), block.size());
    };
    const auto search = [set](std::string_view block) {
      const char* ends[64];
      const char* const end = block.data() + block.size();
      std::size_t found = 0;
      for (const char* from = block.data(); from != end;) {
        const auto index =
            set->index_line_ends(block.data(), from, end, newline::lf, false, ends, 64);
        found += index.found;
        from = index.searched;
      }
      return found;
    };
    const std::string name(set->name);
    add(("BM_check_ascii/" + name).c_str(), ascii_log, check);
    add(("BM_check_japanese/" + name).c_str(), japanese_log, check);
    add(("BM_line_ends/" + name).c_str(), ascii_log, search);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  add_all();
  add_instruction_sets();
  benchmark::RunSpecifiedBenchmarks();
}
