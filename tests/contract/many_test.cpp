// Many files, long lines: what they cost.
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class many : public suite {
 protected:
  static std::size_t allocated_bytes() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  }
  /// What each of `count` files costs since then. What else ended meanwhile may outweigh it.
  static std::size_t bytes_per_file(std::size_t before, std::size_t count) {
    return (std::max(allocated_bytes(), before) - before) / count;
  }
  /// True if this process may have so many descriptors.
  static bool may_open(std::size_t count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur >= count;
  }
};
CONTRACT_FOR_ALL(many);

TEST_P(many, IdleFilesCostLittleMemory) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's memory is not the library's";
  constexpr std::size_t count = 10'000;
  if (on_kernel() && !may_open(count + 200)) GTEST_SKIP() << "RLIMIT_NOFILE is too low";
  put("a", "one line\nand another\n");
  opened("a", "r");
  std::vector<file> files;
  files.reserve(count);
  const std::size_t before = allocated_bytes();
  run([&]() -> task<> {
    for (std::size_t i = 0; i < count; ++i) files.push_back(co_await open("a", "r"));
  });
  const std::size_t opened_only = bytes_per_file(before, count);
  run([&]() -> task<> {
    for (auto& f : files) co_await f.read();
  });
  const std::size_t read_to_the_end = bytes_per_file(before, count);
  RecordProperty("bytes_per_idle_file", std::to_string(opened_only));
  RecordProperty("bytes_per_file_read", std::to_string(read_to_the_end));
  std::printf("%zu bytes per open file, %zu once it was read to its end\n", opened_only,
              read_to_the_end);
  EXPECT_LT(opened_only, 2048U);
  EXPECT_LT(read_to_the_end, 2048U);
}

TEST_P(many, TextThatWasDecodedIsKeptNoLongerThanNeeded) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's memory is not the library's";
  constexpr std::size_t count = 500;
  put("a", pattern(50'000));
  open_options options;
  options.encoding = encoding("latin-1");
  opened("a", "r", options);
  for (const bool to_the_end : {true, false}) {
    std::vector<file> files;
    files.reserve(count);
    std::vector<std::size_t> costs;
    const std::size_t before = allocated_bytes();
    run([&]() -> task<> {
      for (std::size_t i = 0; i < count; ++i) files.push_back(co_await open("a", "r", options));
      costs.push_back(bytes_per_file(before, count));
      for (auto& f : files) co_await f.read(40'000);
      costs.push_back(bytes_per_file(before, count));
      for (auto& f : files) {
        if (to_the_end)
          co_await f.read();
        else
          co_await f.close();
      }
    });
    costs.push_back(bytes_per_file(before, count));
    std::printf("%zu bytes per open file, %zu within its text, %zu %s\n", costs[0], costs[1],
                costs[2], to_the_end ? "at its end" : "closed");
    EXPECT_GT(costs[1], 50'000U);
    EXPECT_LT(costs[2], costs[0] + 1024U);
  }
}

TEST_P(many, FilesThatWereWrittenCostLittleMemory) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's memory is not the library's";
  constexpr std::size_t count = 500;
  std::vector<file> files;
  run([&]() -> task<> {
    for (std::size_t i = 0; i < count; ++i) files.push_back(co_await open("a", "a"));
  });
  const std::size_t before = allocated_bytes();
  run([&]() -> task<> {
    for (auto& f : files) {
      co_await f.write("a line of a log\n");
      co_await f.flush();
    }
  });
  const std::size_t flushed = bytes_per_file(before, count);
  std::printf("%zu bytes per file that was written and flushed\n", flushed);
  EXPECT_LT(flushed, 2048U);
}

// ---- Lines
// ---------------------------------------------------------------------------------------

class long_lines : public suite {
 protected:
  static std::size_t line_bytes() {
    const std::size_t size = soak() ? std::size_t{1} << 30 : std::size_t{64} << 20;
    return sanitized ? size / 8 : size;
  }
  /// Puts a file with a long line between two short ones.
  void put_lines() {
    std::string content = "before\n" + std::string(line_bytes(), 'x') + "\nafter\n";
    put("a", content);
  }
  template <class Body>
  void is_quick(Body body) {
    const auto start = std::chrono::steady_clock::now();
    run(body);
    const auto took = std::chrono::steady_clock::now() - start;
    // A search that begins anew with each chunk would take minutes.
    EXPECT_LT(took, (soak() ? 60s : 6s) * (sanitized ? 4 : 1));
  }
};
CONTRACT_FOR_ALL(long_lines);

TEST_P(long_lines, OneByOne) {
  put_lines();
  is_quick([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.readline(), "before\n");
    const auto line = co_await f.readline();
    EXPECT_TRUE(line && line->size() == line_bytes() + 1 && line->back() == '\n');
    EXPECT_EQ(co_await f.readline(), "after\n");
    EXPECT_EQ(co_await f.readline(), std::nullopt);
  });
}

TEST_P(long_lines, InBatches) {
  put_lines();
  is_quick([&]() -> task<> {
    file f = co_await open("a", "r");
    std::vector<std::size_t> sizes;
    while (auto batch = co_await f.next_lines())
      for (const std::string_view line : *batch) sizes.push_back(line.size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{6, line_bytes(), 5}));
  });
}

TEST_P(long_lines, AllAtOnce) {
  put_lines();
  is_quick([&]() -> task<> {
    file f = co_await open("a", "r");
    const auto lines = co_await f.readlines();
    EXPECT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines.at(1).size(), line_bytes() + 1);
  });
}

TEST_P(long_lines, InPieces) {
  put_lines();
  is_quick([&]() -> task<> {
    file f = co_await open("a", "r");
    EXPECT_EQ(co_await f.readline(), "before\n");
    std::size_t size = 0;
    for (;;) {
      const auto piece = co_await f.readline(1'000'000);
      size += piece->size();
      if (piece->back() == '\n') break;
    }
    EXPECT_EQ(size, line_bytes() + 1);
    EXPECT_EQ(co_await f.readline(), "after\n");
  });
}

TEST_P(long_lines, CutByALimitThatIsNeverReached) {
  put_lines();
  is_quick([&]() -> task<> {
    file f = co_await open("a", "r");
    co_await f.readline();
    const auto line = co_await f.readline(line_bytes() + 100);
    EXPECT_TRUE(line && line->size() == line_bytes() + 1);
  });
}

}  // namespace
}  // namespace ringfiles::contract
