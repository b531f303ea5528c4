// Scenarios without a buffer, line by line, and with an opener.
#include <fcntl.h>

#include <algorithm>

#include "faults/trial.hpp"

namespace ringfiles::faults {
namespace {

/// Of a write that goes to the kernel before it ends, a part may have been stored when it fails.
task<bool> write_out(trial& here, file& to, ledger& told, std::string bytes) {
  const auto taken = co_await here.attempt(to.write(std::string_view(bytes)), "write", to.path());
  if (taken)
    told.accepted(std::move(bytes));
  else
    told.refused(std::move(bytes), true);
  co_return taken.has_value();
}

/// What is told is so at once, and nothing is tried again: a close adds nothing.
task<> writes_without_buffer(trial& here) {
  const open_options options{.buffering = buffering::none};
  auto opened = co_await here.open("raw", "wb", options);
  if (!opened) co_return;
  ledger told;
  for (std::size_t i = 0; i < 8; ++i) {
    co_await write_out(here, *opened, told, pattern(i == 5 ? 280'000 : 100 + i * 4001, i << 20));
    EXPECT_TRUE(told.explains(here.get("raw").value_or(""), false)) << "after write " << i;
  }
  co_await here.close(*opened);
  EXPECT_TRUE(told.explains(here.get("raw").value_or(""), false));
}

task<> appends_without_buffer(trial& here) {
  const std::string before = pattern(3000, 9 << 20);
  here.put("raw log", before);
  const open_options options{.buffering = buffering::none};
  auto opened = co_await here.open("raw log", "ab", options);
  if (!opened) co_return;
  ledger told;
  told.accepted(before);
  for (std::size_t i = 0; i < 5; ++i) {
    co_await write_out(here, *opened, told, pattern(300 + i * 2001, i << 20));
    EXPECT_TRUE(told.explains(here.get("raw log").value_or(""), false)) << "after write " << i;
  }
  co_await here.close(*opened);
}

/// A line that was told is in the file; one that failed stays in the buffer, as after a flush.
task<> writes_lines(trial& here) {
  const open_options options{.buffering = buffering::lines};
  auto opened = co_await here.open("lines", "w", options);
  if (!opened) co_return;
  ledger told;
  for (int i = 0; i < 12; ++i) {
    const bool ends = i % 3 != 0;
    const std::string text = "part " + std::to_string(i) + " €" + (ends ? "\n" : ", ");
    const bool taken = co_await write_out(here, *opened, told, text);
    if (taken && ends) {
      EXPECT_TRUE(told.explains(here.get("lines").value_or(""), false)) << "after write " << i;
    }
  }
  const bool closed = co_await here.close(*opened);
  EXPECT_TRUE(told.explains(here.get("lines").value_or(""), here.may_lack(closed)));
}

/// Each read asks for what it wants, and for no more; errors cost nothing.
task<> reads_without_buffer(trial& here) {
  const std::string content = pattern(90'000);
  here.put("raw", content);
  const open_options options{.buffering = buffering::none};
  auto opened = co_await here.open("raw", "rb", options);
  if (!opened) co_return;
  std::string seen;
  int failures = 0;
  for (int turn = 0; failures < 3; ++turn) {
    const std::string name = turn % 3 == 0 ? "read_exactly" : turn % 3 == 1 ? "peek" : "read";
    const std::size_t left = content.size() - seen.size();
    auto reading = turn % 3 == 0   ? opened->read_exactly(std::min<std::size_t>(left, 5000))
                   : turn % 3 == 1 ? opened->peek(100)
                                   : opened->read(5000);
    const auto some = co_await here.attempt(std::move(reading), name, opened->path());
    failures += some ? 0 : 1;
    if (!some) continue;
    EXPECT_TRUE(std::string_view(content).substr(seen.size()).starts_with(*some));
    if (turn % 3 != 1) seen += *some;
    if (turn % 3 != 1 && some->empty()) break;
    if (seen.size() == content.size()) break;
  }
  if (failures < 3) {
    EXPECT_TRUE(same(seen, content));
  }
  EXPECT_EQ(here.complaints() > 0, failures > 0);
  co_await here.close(*opened);
}

/// What an opener has opened is closed, whatever fails after that.
task<> opens_with_opener(trial& here) {
  here.put("opened", "content");
  const std::string path = here.path("opened");
  for (const char* mode : {"r", "ab"}) {
    auto opening = ringfiles::open(here.loop(), path, mode, {}, [](const char* name, int flags) {
      return ::open(name, flags, 0600);
    });
    auto opened = co_await here.attempt(std::move(opening), "open", path);
    if (opened) co_await here.close(*opened);
  }
  EXPECT_TRUE(same(here.get("opened").value_or(""), "content"));
}

}  // namespace

std::vector<scenario> buffering_scenarios() {
  return {{"writes_without_buffer", writes_without_buffer},
          {"appends_without_buffer", appends_without_buffer},
          {"writes_lines", writes_lines},
          {"reads_without_buffer", reads_without_buffer},
          {"opens_with_opener", opens_with_opener}};
}

}  // namespace ringfiles::faults
