// Scenarios of whole files, and of opening, adopting and closing.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "faults/trial.hpp"

namespace ringfiles::faults {
namespace {

/// Temporary files beside `name`.
std::size_t leftovers(trial& here, const std::string& name) {
  std::size_t count = 0;
  for (const auto& found : std::filesystem::directory_iterator(here.on().behind()))
    count += found.path().filename().string().starts_with(name + ".ringfiles-") ? 1 : 0;
  return count;
}

/// Who has the lock of a temporary file removes it; here it is nobody.
bool locked_by_others(const trial& here) {
  return here.injected().where == call::flock && here.injected().number == EWOULDBLOCK;
}

task<> replaces(trial& here) {
  const std::string before = pattern(3000, 1 << 20), after = pattern(70'000, 2 << 20);
  here.put("atomic", before);
  const std::string path = here.path("atomic");
  const std::size_t synced = real_syncs();
  const bool good =
      co_await here.done(write_bytes(path, after, {.atomic = true}), "write_bytes", path);
  const std::string content = here.get("atomic").value_or("");
  EXPECT_TRUE(content == before || content == after) << content.size() << " bytes, torn";
  if (good) {
    EXPECT_TRUE(same(content, after));
    EXPECT_GE(real_syncs(), synced + 2) << "of the file, and of its folder";
  }
  if (!locked_by_others(here)) {
    // An open(2) that fails in a mirror may have made the file.
    const bool may_stay = here.on().control() >= 0 || here.injected().where == call::unlink;
    EXPECT_LE(leftovers(here, "atomic"), may_stay ? 1U : 0U) << "temporary files pile up";
  }
}

task<> overwrites(trial& here) {
  const std::string path = here.path("plain"), after = pattern(70'000, 2 << 20);
  const bool written = co_await here.done(write_bytes(path, after), "write_bytes", path);
  const std::string content = here.get("plain").value_or("");
  EXPECT_TRUE(written ? content == after : after.starts_with(content));
}

task<> reads_whole(trial& here) {
  const std::string content = pattern(100'000);
  here.put("read", content);
  const std::string path = here.path("read");
  const auto seen = co_await here.attempt(read_bytes(path), "read_bytes", path);
  if (seen) {
    EXPECT_TRUE(same(*seen, content));
  }
}

task<> renames_and_removes(trial& here) {
  here.put("from", "content");
  const std::string from = here.path("from"), to = here.path("to");
  const auto facts = co_await here.attempt(status(from), "status", from);
  EXPECT_TRUE(!facts || facts->size == 7);
  const bool renamed = co_await here.done(ringfiles::rename(from, to), "rename", from);
  EXPECT_EQ(here.get("to").has_value(), renamed);
  EXPECT_EQ(here.get("from").has_value(), !renamed);
  const std::string now = renamed ? to : from;
  const bool removed = co_await here.done(ringfiles::remove(now), "remove", now);
  EXPECT_EQ(here.get(renamed ? "to" : "from").has_value(), !removed);
}

task<> opens_in(trial& here, std::string mode) {
  const std::string content = pattern(2000);
  const bool is_new = mode.starts_with('x');
  const std::string name = is_new ? "fresh" : "there";
  if (!is_new) here.put(name, content);
  auto opened = co_await here.open(name, mode);
  if (!opened) co_return;
  EXPECT_TRUE(opened->is_open());
  co_await here.close(*opened);
  const bool kept = mode.starts_with('r') || mode.starts_with('a');
  EXPECT_TRUE(same(here.get(name).value_or("nothing"), kept ? content : ""));
}

task<> opens(trial& here) {
  for (const char* mode : {"r", "rb", "r+", "w", "w+b", "a", "a+b", "xb", "rb"}) {
    if (*mode == 'x') ::unlink(here.path("fresh").c_str());
    co_await opens_in(here, mode);
  }
}

int raw_open(const trial& here, const std::string& name, int flags) {
  return ::open(here.path(name).c_str(), flags | O_CLOEXEC);
}

/// The descriptor is ours until adopt() has succeeded.
std::optional<file> try_adopt(trial& here, int fd, const std::string& mode) {
  try {
    return adopt(here.loop(), fd, mode, {.path = "adopted"});
  } catch (const error& failure) {
    EXPECT_EQ(failure.number(), here.injected().number);
    EXPECT_EQ(failure.operation(), "adopt");
    here.complain();
    ::close(fd);
    return std::nullopt;
  }
}

/// Goes on where the descriptor stands.
task<> adopts(trial& here) {
  const std::string before = pattern(3000);
  here.put("given", before);
  const int fd = raw_open(here, "given", O_RDWR);
  EXPECT_EQ(::lseek(fd, 1000, SEEK_SET), 1000);
  auto taken = try_adopt(here, fd, "r+b");
  if (!taken) co_return;
  const auto seen = co_await here.attempt(taken->read(500), "read", "adopted");
  if (seen) {
    EXPECT_TRUE(same(*seen, pattern(500, 1000)));
    ledger told;
    told.accepted(before.substr(0, 1500));
    co_await here.write(*taken, told, pattern(1500, 5 << 20));
    const bool closed = co_await here.close(*taken);
    if (here.complaints() == 0) {
      EXPECT_TRUE(closed && told.explains(here.get("given").value_or(""), false));
    }
  }
  if (taken->is_open()) co_await here.close(*taken);
}

task<> adopts_to_append(trial& here) {
  const std::string before = pattern(3000);
  here.put("log", before);
  auto taken = try_adopt(here, raw_open(here, "log", O_WRONLY | O_APPEND), "ab");
  if (!taken) co_return;
  ledger told;
  told.accepted(before);
  co_await here.write(*taken, told, pattern(1000, 5 << 20));
  const bool closed = co_await here.close(*taken);
  EXPECT_TRUE(told.explains(here.get("log").value_or(""), here.may_lack(closed)));
}

}  // namespace

std::vector<scenario> whole_file_scenarios() {
  return {{"replaces", replaces},
          {"overwrites", overwrites},
          {"reads_whole", reads_whole},
          {"renames_and_removes", renames_and_removes}};
}

std::vector<scenario> opening_scenarios() {
  return {{"opens", opens}, {"adopts", adopts}, {"adopts_to_append", adopts_to_append}};
}

}  // namespace ringfiles::faults
