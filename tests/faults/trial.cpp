#include "faults/trial.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "faults/watchdog.hpp"

namespace ringfiles::faults {
namespace {

// Where files are does not matter, where they seem to be does (script.hpp): in memory, ten thousand
// syncs cost nothing.
std::filesystem::path parent_folder() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  if (const char* wanted = std::getenv("RINGFILES_TEST_DIR"); wanted != nullptr && *wanted != '\0')
    return wanted;
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

/// Has the engine make what it makes once: its ring.
task<> use_everything(engine& loop, std::string path) {
  auto made = co_await ringfiles::open(loop, path, "w+b");
  co_await made.write("text");
  co_await made.sync();
  co_await made.seek(0);
  co_await made.read();
  co_await made.close();
}

}  // namespace

std::optional<mirror_place> mounted_mirror() {
  // NOLINTBEGIN(concurrency-mt-unsafe): nobody changes the environment
  const char* path = std::getenv("RINGFILES_FAULTFS");
  const char* backing = std::getenv("RINGFILES_FAULTFS_BACKING");
  // NOLINTEND(concurrency-mt-unsafe)
  if (path == nullptr || backing == nullptr) return std::nullopt;
  return mirror_place{path, backing};
}

stage::stage(backend_kind kind, place where, std::optional<mirror_place> mirror)
    : kind_(kind), where_(where) {
  behind_ = (mirror ? mirror->backing : parent_folder().string()) + "/ringfiles-faults-XXXXXX";
  if (::mkdtemp(behind_.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), behind_);
  folder_ = mirror ? mirror->path + behind_.substr(mirror->backing.size()) : behind_;
  if (mirror) {
    const std::string control = mirror->path + "/.faultctl";
    control_ = base::owned_fd(::open(control.c_str(), O_RDWR | O_CLOEXEC));
  }
  loop_.emplace(engine_options{.backend = kind, .memory = nullptr});
  play({}, where);
  ringfiles::run(*loop_, use_everything(*loop_, folder_ + "/first"));
  stop_playing();
}

stage::~stage() {
  loop_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(behind_, ignored);
}

void stage::clear() const {
  for (const auto& old : std::filesystem::directory_iterator(behind_))
    std::filesystem::remove_all(old);
}

testing::AssertionResult same(std::string_view actual, std::string_view expected) {
  if (actual == expected) return testing::AssertionSuccess();
  const auto differ = std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end());
  return testing::AssertionFailure()
         << actual.size() << " bytes for " << expected.size() << ", different from byte "
         << differ.first - actual.begin() << " on";
}

// ---- What a writer was told -------------------------------------------------------------------

bool ledger::explains_from(std::size_t next, std::string_view content, bool may_be_cut) const {
  if (next == entries_.size()) return content.empty();
  if (content.empty() && may_be_cut) return true;
  const entry& here = entries_[next];
  const auto differ =
      std::mismatch(here.bytes.begin(), here.bytes.end(), content.begin(), content.end());
  const auto agreed = static_cast<std::size_t>(differ.first - here.bytes.begin());
  if (here.taken) {
    if (agreed == here.bytes.size())
      return explains_from(next + 1, content.substr(agreed), may_be_cut);
    return may_be_cut && agreed == content.size();
  }
  if (explains_from(next + 1, content, may_be_cut)) return true;
  for (std::size_t part = here.may_be_in_part ? agreed : 0; part > 0; --part)
    if (explains_from(next + 1, content.substr(part), may_be_cut)) return true;
  return false;
}

testing::AssertionResult ledger::explains(std::string_view content, bool may_be_cut) const {
  if (explains_from(0, content, may_be_cut)) return testing::AssertionSuccess();
  auto failure = testing::AssertionFailure() << content.size() << " bytes are not what was accepted"
                                             << (may_be_cut ? ", nor its beginning:" : ":");
  for (const entry& each : entries_) failure << (each.taken ? " +" : " -") << each.bytes.size();
  return failure;
}

// ---- A run ------------------------------------------------------------------------------------

void trial::put(std::string_view name, std::string_view content) const {
  std::ofstream out(behind(name), std::ios::binary);
  out << content;
}

std::optional<std::string> trial::get(std::string_view name) const {
  std::ifstream in(behind(name), std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream content;
  content << in.rdbuf();
  return std::move(content).str();
}

// A write that moves nothing is EIO: no file system should answer so. A close that fails with
// EAGAIN would look like one that could not be made at once, and must not be made again: EIO.
bool trial::may_be_told(int number, const std::string& name) const noexcept {
  if (injected_.how == harm::moves_nothing) return number == EIO;
  if (number == injected_.number) return injected_.how != harm::cut;
  // No name is free for a temporary file: somebody else has the lock of each.
  if (injected_.where == call::flock) return number == EEXIST;
  return name == "close" && injected_.number == EAGAIN && number == EIO;
}

void trial::note(const error& failure, const std::string& name, const std::string& path) {
  EXPECT_TRUE(may_be_told(failure.number(), name)) << failure.what();
  EXPECT_EQ(failure.operation(), name);
  EXPECT_EQ(failure.path(), path);
  EXPECT_GT(harmed(), 0U) << "nothing has failed yet: " << failure.what();
  ++complaints_;
}

task<bool> trial::done(operation<void> call, std::string name, std::string path) {
  const auto made = co_await attempt(std::move(call), std::move(name), std::move(path));
  co_return made.has_value();
}

task<bool> trial::write_text(file& to, ledger& told, std::string text, std::string stored) {
  constexpr std::size_t largest_buffered = 256 * 1024;
  const auto taken = co_await attempt(to.write(std::string_view(text)), "write", to.path());
  text.assign(text.size(), '!');  // nobody may look at it after the call
  if (taken)
    told.accepted(std::move(stored));
  else
    told.refused(std::move(stored), text.size() > largest_buffered);
  co_return taken.has_value();
}

task<bool> trial::write(file& to, ledger& told, std::string bytes) {
  std::string stored = bytes;
  return write_text(to, told, std::move(bytes), std::move(stored));
}

task<bool> trial::sync(file& of, bool data_only) {
  const std::size_t before = real_syncs();
  auto syncing = data_only ? of.sync_data() : of.sync();
  const bool synced =
      co_await done(std::move(syncing), data_only ? "sync_data" : "sync", of.path());
  if (synced) {
    EXPECT_GT(real_syncs(), before) << "a sync was told that never was";
  }
  EXPECT_FALSE(synced && sync_failure_ != 0) << "a failed sync is final";
  const bool sync_fault = injected_.where == call::fsync || injected_.where == call::fdatasync ||
                          injected_.where == call::ring_sync;
  if (!synced && sync_fault) sync_failure_ = injected_.number;
  co_return synced;
}

task<bool> trial::close(file& of) {
  const std::size_t before = harmed();
  const bool closed = co_await done(of.close(), "close", of.path());
  const bool close_failed =
      injected_.where == call::close && injected_.number != EINTR && harmed() > before;
  EXPECT_FALSE(closed && close_failed) << "an error of close(2) was swallowed";
  EXPECT_FALSE(of.is_open());
  EXPECT_FALSE(closed && sync_failure_ != 0) << "a failed sync is final, the close repeats it";
  sync_failure_ = 0;
  co_return closed;
}

bool trial::may_lack(bool closed) const noexcept {
  return !closed && injected_.where == call::pwritev2;
}

void trial::end() {
  for (const auto& judge : last_) judge();
}

std::string pattern(std::size_t size, std::uint64_t from) {
  const std::size_t skip = from % 8;
  std::string bytes(skip + size + 8, '\0');
  for (std::size_t at = 0; at < skip + size; at += 8) {
    const std::uint64_t mixed = ((from + at) / 8 + 1) * 0x9e3779b97f4a7c15ULL;
    std::memcpy(bytes.data() + at, &mixed, 8);
  }
  return bytes.substr(skip, size);
}

std::size_t open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

namespace {

void expect_nothing_left(engine& loop, std::size_t descriptors) {
  while (!loop.idle() || loop.stats().in_flight > 0) {
    loop.wait();
    loop.run_completions();
  }
  EXPECT_EQ(loop.stats().parked, 0U);
  EXPECT_EQ(loop.stats().parked_bytes, 0U);
  // A thread of the pool may still let go of an engine that has ended: in this run, or before it.
  for (int patience = 0; open_descriptors() > descriptors && patience < 1000; ++patience)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_LE(open_descriptors(), descriptors) << "descriptors leak";
}

}  // namespace

verdict run(stage& on, const scenario& played, const fault& injected, const char* operation) {
  const watchdog limit(name_of(injected));
  on.clear();
  trial here(on, injected);
  const std::size_t descriptors = open_descriptors();
  if (on.control() >= 0)
    play_in_mirror(injected, on.where(), on.control(), operation);
  else
    play(injected, on.where());
  ringfiles::run(on.loop(), played.perform(here));
  expect_nothing_left(on.loop(), descriptors);
  stop_playing();
  here.end();
  return {calls_made(), harmed(), here.complaints()};
}

}  // namespace ringfiles::faults
