// Scenarios that read from the beginning to the end of a file.
#include <array>

#include "faults/trial.hpp"

namespace ringfiles::faults {
namespace {

constexpr int patience = 3;  // errors, then a reader gives up

/// Reads on after an error; what came is the content, in order and once, as far as it goes.
class reader {
 public:
  reader(trial& here, std::string_view expected) : here_(here), expected_(expected) {}

  /// False: the end, or too many errors.
  bool take(const std::optional<std::string>& more) {
    if (!more) return ++failures_ < patience;
    seen_ += *more;
    return !more->empty();
  }
  void judge() const {
    EXPECT_TRUE(expected_.starts_with(seen_)) << "after an error, it goes on where it was";
    if (failures_ < patience) {
      EXPECT_TRUE(same(seen_, expected_));
    }
    EXPECT_EQ(here_.complaints() > 0, failures_ > 0);
  }

 private:
  trial& here_;
  std::string_view expected_;
  std::string seen_;
  int failures_ = 0;
};

task<> bytes(trial& here) {
  const std::string content = pattern(200'000);
  here.put("bytes", content);
  auto opened = co_await here.open("bytes", "rb");
  if (!opened) co_return;
  reader all(here, content);
  for (bool more = true; more;)
    more = all.take(co_await here.attempt(opened->read(30'011), "read", opened->path()));
  all.judge();
  co_await here.close(*opened);
}

task<> whole(trial& here) {
  const std::string content = pattern(150'000);
  here.put("whole", content);
  auto opened = co_await here.open("whole", "rb");
  if (!opened) co_return;
  reader all(here, content);
  for (bool more = true; more;)
    more = all.take(co_await here.attempt(opened->read(), "read", opened->path()));
  all.judge();
  co_await here.close(*opened);
}

task<std::optional<std::string>> read_into(trial& here, file& from) {
  std::array<std::byte, 25'000> room;
  const auto count = co_await here.attempt(from.readinto(room), "readinto", from.path());
  if (!count) co_return std::nullopt;
  co_return std::string(reinterpret_cast<const char*>(room.data()), *count);
}

task<std::optional<std::string>> some_bytes(trial& here, file& from) {
  co_return co_await here.attempt(from.read_some(25'000), "read_some", from.path());
}

task<> own_memory(trial& here) {
  const std::string content = pattern(120'000);
  here.put("into", content);
  auto opened = co_await here.open("into", "rb");
  if (!opened) co_return;
  reader all(here, content);
  bool more = true;
  for (int turn = 0; more; ++turn) {
    auto reading = turn % 2 == 0 ? read_into(here, *opened) : some_bytes(here, *opened);
    more = all.take(co_await std::move(reading));
  }
  all.judge();
  co_await here.close(*opened);
}

const std::string& lines_of_text() {
  static const std::string made = [] {
    std::string text;
    for (int i = 0; text.size() < 140'000; ++i) text += "line " + std::to_string(i) + " €\n";
    return text;
  }();
  return made;
}

/// One of the ways to read on; nothing after an error, an empty string at the end.
task<std::optional<std::string>> some_text(trial& here, file& from, int turn) {
  if (turn % 3 == 0) {
    auto batch = co_await here.attempt(from.next_lines(), "next_lines", from.path());
    if (!batch) co_return std::nullopt;
    co_return *batch ? std::string((*batch)->text()) : std::string();
  }
  if (turn % 3 == 1) co_return co_await here.attempt(from.read(1000), "read", from.path());
  auto line = co_await here.attempt(from.readline(), "readline", from.path());
  if (!line) co_return std::nullopt;
  co_return line->value_or("");
}

task<> read_text(trial& here, std::string name, encoding encoded, std::string_view expected) {
  const open_options options{.encoding = encoded};
  auto opened = co_await here.open(name, "r", options);
  if (!opened) co_return;
  reader all(here, expected);
  bool more = true;
  for (int turn = 0; more; ++turn) more = all.take(co_await some_text(here, *opened, turn));
  all.judge();
  co_await here.close(*opened);
}

task<> text(trial& here) {
  here.put("text", lines_of_text());
  co_await read_text(here, "text", {}, lines_of_text());
}

/// In UTF-16 with its mark, little end first.
std::string wide_lines(std::string_view plain) {
  std::string bytes("\xff\xfe");
  for (const char each : plain) bytes.append({each, '\0'});
  return bytes;
}

task<> utf16(trial& here) {
  static const std::string plain = [] {
    std::string made;
    for (int i = 0; made.size() < 60'000; ++i) made += "line " + std::to_string(i) + "\n";
    return made;
  }();
  static const std::string wide = wide_lines(plain);
  here.put("wide", wide);
  co_await read_text(here, "wide", encoding("utf-16"), plain);
}

}  // namespace

std::vector<scenario> reading_scenarios() {
  return {{"bytes", bytes},
          {"whole", whole},
          {"own_memory", own_memory},
          {"text", text},
          {"utf16", utf16}};
}

}  // namespace ringfiles::faults
