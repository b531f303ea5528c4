// Scenarios that write from the beginning to the end of a file.
#include <memory>
#include <vector>

#include "faults/trial.hpp"

namespace ringfiles::faults {
namespace {

/// What the file must hold when its writer is done with it.
void judge(trial& here, const ledger& told, const std::string& name, bool closed) {
  const std::string content = here.get(name).value_or("");
  EXPECT_TRUE(told.explains(content, here.may_lack(closed)));
  const fault& injected = here.injected();
  const bool one_write_failed = injected.where == call::pwritev2 && injected.count == 1;
  EXPECT_TRUE(closed || !one_write_failed) << "a close tries again";
}

task<> small_writes(trial& here) {
  auto opened = co_await here.open("small", "wb");
  if (!opened) co_return;
  ledger told;
  for (std::size_t i = 0; i < 12; ++i) {
    co_await here.write(*opened, told, pattern(700 + i * 401, i << 20));
    if (i % 5 == 3) co_await here.flush(*opened);
  }
  const bool closed = co_await here.close(*opened);
  judge(here, told, "small", closed);
}

/// Buffers of a size that is asked for, full after each few writes.
task<> full_buffers(trial& here) {
  const open_options options{.buffer_bytes = 4096};
  auto opened = co_await here.open("full", "wb", options);
  if (!opened) co_return;
  ledger told;
  for (std::size_t i = 0; i < 12; ++i)
    co_await here.write(*opened, told, pattern(900 + i * 251, i << 20));
  const bool closed = co_await here.close(*opened);
  judge(here, told, "full", closed);
}

task<> large_writes(trial& here) {
  auto opened = co_await here.open("large", "wb");
  if (!opened) co_return;
  ledger told;
  co_await here.write(*opened, told, pattern(1000, 1 << 20));
  co_await here.write(*opened, told, pattern(300'000, 2 << 20));
  co_await here.write(*opened, told, pattern(50, 3 << 20));
  co_await here.write(*opened, told, pattern(270'001, 4 << 20));
  const bool closed = co_await here.close(*opened);
  judge(here, told, "large", closed);
}

task<> appends(trial& here) {
  const std::string before = pattern(5000, 9 << 20);
  here.put("log", before);
  auto opened = co_await here.open("log", "ab");
  if (!opened) co_return;
  ledger told;
  told.accepted(before);
  for (std::size_t i = 0; i < 6; ++i) {
    co_await here.write(*opened, told, pattern(i == 3 ? 280'000 : 300 + i * 4001, i << 20));
    if (i % 2 == 1) co_await here.flush(*opened);
  }
  const bool closed = co_await here.close(*opened);
  judge(here, told, "log", closed);
}

/// Blocks that fill while others are on their way, and a close that waits for all of them.
task<> write_behind(trial& here) {
  auto opened = co_await here.open("behind", "wb");
  if (!opened) co_return;
  ledger told;
  for (std::size_t i = 0; i < 9; ++i) co_await here.write(*opened, told, pattern(40'000, i << 20));
  const bool closed = co_await here.close(*opened);
  judge(here, told, "behind", closed);
}

task<> syncs(trial& here) {
  auto opened = co_await here.open("synced", "wb");
  if (!opened) co_return;
  ledger told;
  for (std::size_t i = 0; i < 6; ++i) {
    co_await here.write(*opened, told, pattern(2000, i << 20));
    co_await here.sync(*opened, i % 2 == 1);
  }
  const bool closed = co_await here.close(*opened);
  EXPECT_TRUE(told.explains(here.get("synced").value_or(""), here.may_lack(closed)));
}

std::string with_crlf(const std::string& text) {
  std::string made;
  for (const char each : text) each == '\n' ? made += "\r\n" : made += each;
  return made;
}

task<> text_lines(trial& here) {
  const open_options options{.newline = newline::crlf};
  auto opened = co_await here.open("text", "w", options);
  if (!opened) co_return;
  ledger told;
  for (int i = 0; i < 40; ++i) {
    std::string line = "line " + std::to_string(i) + " costs 5 €\n";
    std::string stored = with_crlf(line);
    co_await here.write_text(*opened, told, std::move(line), std::move(stored));
    if (i % 16 == 9) co_await here.flush(*opened);
  }
  const bool closed = co_await here.close(*opened);
  judge(here, told, "text", closed);
}

std::string as_utf16(const std::u16string& text) {
  std::string bytes;
  for (const char16_t unit : text) {
    bytes += static_cast<char>(unit & 0xff);
    bytes += static_cast<char>(unit >> 8);
  }
  return bytes;
}

/// The mark comes once, with the first bytes that are stored.
task<> utf16_lines(trial& here) {
  const open_options options{.encoding = encoding("utf-16")};
  auto opened = co_await here.open("wide", "w", options);
  if (!opened) co_return;
  ledger told;
  told.accepted("\xff\xfe");
  for (int i = 0; i < 30; ++i) {
    const std::string digits = std::to_string(i);
    std::u16string units(digits.begin(), digits.end());
    units += u" costs 5 €\n";
    co_await here.write_text(*opened, told, digits + " costs 5 €\n", as_utf16(units));
    if (i % 16 == 9) co_await here.flush(*opened);
  }
  const bool closed = co_await here.close(*opened);
  judge(here, told, "wide", closed);
}

/// Its close has nobody to tell, and tries no less.
task<> dropped(trial& here) {
  auto told = std::make_shared<ledger>();
  {
    auto opened = co_await here.open("dropped", "wb");
    if (!opened) co_return;
    co_await here.write(*opened, *told, pattern(3000, 1 << 20));
    co_await here.write(*opened, *told, pattern(90'000, 2 << 20));
    co_await here.write(*opened, *told, pattern(500, 3 << 20));
  }
  here.afterwards([&here, told] {
    const fault& injected = here.injected();
    const bool lasting = injected.where == call::pwritev2 && injected.count > 1;
    EXPECT_TRUE(told->explains(here.get("dropped").value_or(""), lasting));
  });
}

/// The same when its engine ends first: then nobody turns anything.
task<> dropped_after_its_engine(trial& here) {
  ledger told;
  auto other =
      std::make_unique<engine>(engine_options{.backend = backend_kind::threads, .memory = nullptr});
  auto opened = std::make_unique<file>();
  bool is_open = false;
  {
    auto opening = ringfiles::open(*other, here.path("outlived"), "wb");
    auto work = [](trial& on, operation<file> making, file& into, ledger& noted,
                   bool& good) -> task<> {
      auto made = co_await on.attempt(std::move(making), "open", on.path("outlived"));
      if (!made) co_return;
      into = std::move(*made);
      good = true;
      co_await on.write(into, noted, pattern(3000, 1 << 20));
      co_await on.write(into, noted, pattern(20'000, 2 << 20));
    }(here, std::move(opening), *opened, told, is_open);
    ringfiles::run(*other, std::move(work));
  }
  other.reset();
  opened.reset();
  if (is_open) {
    const bool may_lack = here.injected().where == call::pwritev2;
    EXPECT_TRUE(told.explains(here.get("outlived").value_or(""), may_lack));
  }
  co_return;
}

}  // namespace

std::vector<scenario> writing_scenarios() {
  return {{"small_writes", small_writes}, {"full_buffers", full_buffers},
          {"large_writes", large_writes}, {"appends", appends},
          {"write_behind", write_behind}, {"syncs", syncs},
          {"text_lines", text_lines},     {"utf16_lines", utf16_lines},
          {"dropped", dropped},           {"dropped_after_its_engine", dropped_after_its_engine}};
}

}  // namespace ringfiles::faults
