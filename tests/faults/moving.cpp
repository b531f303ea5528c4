// Scenarios that go to and fro in a file: seek, tell, truncate, read_at, write_at, readers that
// write.
#include <algorithm>

#include "faults/trial.hpp"

namespace ringfiles::faults {
namespace {

constexpr std::size_t block_bytes = 20'000;

/// Each byte is the one that was written there, or none was.
void expect_old_or_new(const std::string& content, std::string_view before,
                       std::string_view after) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const bool is_old = i < before.size() && content[i] == before[i];
    const bool is_new = i < after.size() && content[i] == after[i];
    wrong += is_old || is_new || content[i] == '\0' ? 0 : 1;
  }
  EXPECT_EQ(wrong, 0U) << "bytes from nowhere";
}

/// Without a complaint all is as in a run without a fault.
void judge(trial& here, const std::string& name, std::string_view before, std::string_view after) {
  const std::string content = here.get(name).value_or("");
  if (here.complaints() == 0) {
    EXPECT_TRUE(same(content, after));
  } else {
    expect_old_or_new(content, before, after);
  }
}

task<> seeks_and_truncates(trial& here) {
  const std::string before(9000, '-');
  here.put("cut", before);
  auto opened = co_await here.open("cut", "r+b");
  if (!opened) co_return;
  file& f = *opened;
  ledger unused;
  co_await here.write(f, unused, pattern(3000));
  const auto at = co_await here.attempt(f.tell(), "tell", f.path());
  EXPECT_TRUE(!at || at == 3000U || here.complaints() > 0);
  const auto cut = co_await here.attempt(f.truncate(2500), "truncate", f.path());
  EXPECT_TRUE(!cut || here.complaints() > 0 || same(here.get("cut").value_or(""), pattern(2500)));
  const auto end = co_await here.attempt(f.seek(0, whence::end), "seek", f.path());
  EXPECT_TRUE(!end || end == 2500U || here.complaints() > 0);
  const auto moved = co_await here.attempt(f.seek(2500), "seek", f.path());
  if (moved) co_await here.write(f, unused, pattern(4000, 2500));
  co_await here.attempt(f.truncate(6000), "truncate", f.path());
  co_await here.close(f);
  judge(here, "cut", before, pattern(9000).substr(0, here.complaints() == 0 ? 6000 : 9000));
}

task<> write_block(trial& here, file& f, std::uint64_t at) {
  const std::string block = pattern(block_bytes, at);
  const auto written = co_await here.attempt(f.write_at(at, block), "write_at", f.path());
  EXPECT_TRUE(!written || written == block_bytes);
}

task<> writes_at(trial& here) {
  const std::string before(8 * block_bytes, '-');
  here.put("blocks", before);
  auto opened = co_await here.open("blocks", "r+b");
  if (!opened) co_return;
  std::vector<task<>> writes;
  for (std::uint64_t i = 0; i < 8; ++i)
    writes.push_back(write_block(here, *opened, (i * 3 % 8) * block_bytes));
  co_await gather(std::move(writes));
  std::vector<std::string> two{pattern(99, 8 * block_bytes), pattern(1, 8 * block_bytes + 99)};
  auto writing = opened->write_at(8 * block_bytes, std::move(two));
  const auto parts = co_await here.attempt(std::move(writing), "write_at", opened->path());
  EXPECT_TRUE(!parts || parts == 100U);
  co_await here.sync(*opened, true);
  co_await here.close(*opened);
  judge(here, "blocks", before, pattern(8 * block_bytes + 100));
}

task<> read_block(trial& here, file& f, std::uint64_t at, std::size_t size) {
  const auto bytes = co_await here.attempt(f.read_at(at, size), "read_at", f.path());
  if (bytes) {
    EXPECT_TRUE(same(*bytes, pattern(size, at)));
  }
}

task<> reads_at(trial& here) {
  here.put("blocks", pattern(8 * block_bytes));
  auto opened = co_await here.open("blocks", "rb");
  if (!opened) co_return;
  std::vector<task<>> reads;
  for (std::uint64_t i = 0; i < 7; ++i)
    reads.push_back(read_block(here, *opened, (i * 3 % 8) * block_bytes, block_bytes));
  reads.push_back(read_block(here, *opened, 5, 140'000));  // more than one piece
  co_await gather(std::move(reads));
  std::string into(1000, '?');
  const std::span<std::byte> room(reinterpret_cast<std::byte*>(into.data()), into.size());
  const auto count = co_await here.attempt(opened->read_at(8 * block_bytes - 600, room), "read_at",
                                           opened->path());
  EXPECT_TRUE(!count || count == 600U);
  if (count) {
    EXPECT_TRUE(same(into, pattern(600, 8 * block_bytes - 600) + std::string(400, '?')));
  }
  co_await here.close(*opened);
}

/// A reader that overwrites what it has read, and reads on.
task<> reads_and_writes(trial& here) {
  const std::string before = pattern(30'000, 1 << 20);
  here.put("both", before);
  auto opened = co_await here.open("both", "r+b");
  if (!opened) co_return;
  file& f = *opened;
  ledger unused;
  for (std::size_t at = 0; at < 30'000; at += 10'000) {
    const auto moved =
        co_await here.attempt(f.seek(static_cast<std::int64_t>(at)), "seek", f.path());
    if (!moved) continue;
    const auto seen = co_await here.attempt(f.read(5000), "read", f.path());
    if (seen) {
      EXPECT_TRUE(same(*seen, before.substr(at, 5000)));
    }
    const auto here_now = co_await here.attempt(f.tell(), "tell", f.path());
    if (seen && here_now == at + 5000) co_await here.write(f, unused, pattern(2000, at + 5000));
  }
  co_await here.close(f);
  std::string after = before;
  for (std::size_t at = 5000; at < 30'000; at += 10'000) after.replace(at, 2000, pattern(2000, at));
  judge(here, "both", before, after);
}

/// A new file, written, read back from its start, and gone on with.
task<> writes_and_reads(trial& here) {
  auto opened = co_await here.open("new", "w+b");
  if (!opened) co_return;
  file& f = *opened;
  ledger told;
  co_await here.write(f, told, pattern(4000));
  co_await here.attempt(f.seek(0), "seek", f.path());
  const auto seen = co_await here.attempt(f.read(4000), "read", f.path());
  if (seen && here.complaints() == 0) {
    EXPECT_TRUE(same(*seen, pattern(4000)));
    co_await here.write(f, told, pattern(2000, 4000));
  }
  const bool closed = co_await here.close(f);
  if (here.complaints() == 0) {
    EXPECT_TRUE(closed && same(here.get("new").value_or(""), pattern(6000)));
  } else {
    expect_old_or_new(here.get("new").value_or(""), "", pattern(6000));
  }
}

}  // namespace

std::vector<scenario> moving_scenarios() {
  return {{"seeks_and_truncates", seeks_and_truncates},
          {"writes_at", writes_at},
          {"reads_at", reads_at},
          {"reads_and_writes", reads_and_writes},
          {"writes_and_reads", writes_and_reads}};
}

}  // namespace ringfiles::faults
