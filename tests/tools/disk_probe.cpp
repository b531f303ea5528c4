// disk_probe: what a program hears when its disk is full, or lies.
//
//     disk_probe --backend=B --do=sync --file=FILE [--mib=N]    a failed sync stays failed
//     disk_probe --backend=B --do=full --folder=FOLDER [--filler=BYTES] [--count=N]
//
// sync: writes N MiB, then syncs again and again. Figures: failed_syncs, good_after_failure,
// close_failed, write_failed, reopened_good. full: fills the disk with writes of all sizes; once
// the program gives up, once it makes room and goes on (not with a filler of no bytes). Figures:
// runs, short_files.
#include <sys/stat.h>

#include <cstring>
#include <random>

#include "probe/faults.hpp"
#include "probe/figures.hpp"
#include "probe/options.hpp"

namespace {

using ringfiles::task;

constexpr int syncs = 6;
constexpr std::size_t mebibyte = 1 << 20;
constexpr std::size_t source_bytes = 64 << 20;  // more than any disk here takes

/// 0, or the errno with which the call failed.
template <class T>
task<int> errno_of(ringfiles::operation<T> call) {
  try {
    co_await std::move(call);
  } catch (const ringfiles::error& failed) {
    co_return failed.number();
  }
  co_return 0;
}

/// So that no disk has room for more of it than it has memory.
std::string incompressible(std::size_t seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::string bytes(mebibyte, '\0');
  for (std::size_t at = 0; at < mebibyte; at += 4) {
    const auto word = static_cast<std::uint32_t>(random());
    std::memcpy(bytes.data() + at, &word, 4);
  }
  return bytes;
}

task<void> sticky_sync(std::string path, std::size_t mib) {
  auto file = co_await ringfiles::open(path, "wb");
  int write_failed = 0;
  for (std::size_t i = 0; i < mib && write_failed == 0; ++i)
    write_failed = co_await errno_of(file.write(incompressible(i)));
  int first = 0, failed = 0, good_after = 0, other = 0;
  for (int i = 0; i < syncs; ++i) {
    // Both kinds of sync, and writes between them, which the kernel accepts.
    // A statement of its own: GCC 12 destroys temporaries of a conditional twice in a co_await.
    auto syncing = i % 2 == 0 ? file.sync() : file.sync_data();
    const int result = co_await errno_of(std::move(syncing));
    if (first == 0) first = result;
    failed += result != 0 ? 1 : 0;
    good_after += first != 0 && result == 0 ? 1 : 0;
    other += result != 0 && result != first ? 1 : 0;
    if (i == 2) co_await errno_of(file.write("a few bytes more"));
  }
  const int closed = co_await errno_of(file.close());
  auto again = co_await ringfiles::open(path, "r+b");
  const int reopened = co_await errno_of(again.sync());
  co_await errno_of(again.close());
  probe::figure("first_errno", first);
  probe::figure("write_failed", write_failed);
  probe::figure("failed_syncs", failed);
  probe::figure("good_after_failure", good_after);
  probe::figure("other_errnos", other);
  probe::figure("close_failed", closed);
  probe::figure("reopened_good", reopened == 0 ? 1 : 0);
}

struct outcome {
  std::size_t accepted = 0;  ///< bytes that write() took
  std::size_t refused = 0;   ///< bytes of the write that failed; a part of them may be stored
  int write_error = 0;
  int flush_error = 0;
  int close_error = 0;
};

std::size_t size_of(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::size_t>(facts.st_size) : 0;
}

std::string content_of(const std::string& path) {
  std::string text(size_of(path), '\0');
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::size_t done = 0;
  for (ssize_t count = 1; done < text.size() && count > 0; done += static_cast<std::size_t>(count))
    count = ::pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
  ::close(fd);
  return text;
}

/// Writes until the disk refuses; with `filler` that goes then, and on to the end.
task<outcome> fill(std::string path, std::string filler, unsigned seed, const std::string& source) {
  std::minstd_rand random(seed);
  outcome seen;
  auto file = co_await ringfiles::open(path, "wb");
  while (seen.write_error == 0 && seen.accepted < source.size()) {
    const std::size_t size = 1 + random() % (seed % 3 == 0   ? 300
                                             : seed % 3 == 1 ? 30'000
                                                             : 900'000);
    const std::string part = source.substr(seen.accepted, size);
    seen.write_error = co_await errno_of(file.write(part));
    (seen.write_error == 0 ? seen.accepted : seen.refused) += part.size();
  }
  if (!filler.empty()) ::unlink(filler.c_str());
  seen.flush_error = co_await errno_of(file.flush());
  seen.close_error = co_await errno_of(file.close());
  co_return seen;
}

/// True if all that was accepted is stored; if not, somebody must have been told.
bool judge(const outcome& seen, const std::string& stored, const std::string& source,
           bool made_room, long run) {
  const std::string what =
      "run " + std::to_string(run) + ": " + std::to_string(seen.accepted) + " accepted, " +
      std::to_string(stored.size()) + " stored, errno " + std::to_string(seen.write_error) + " " +
      std::to_string(seen.flush_error) + " " + std::to_string(seen.close_error);
  const bool complete = stored.size() >= seen.accepted;
  probe::expect(seen.write_error == ENOSPC, "full disk is told", what);
  probe::expect(stored.size() <= seen.accepted + seen.refused, "no byte from nowhere", what);
  probe::expect(source.starts_with(stored), "stored bytes are right", what);
  if (made_room)
    probe::expect(complete && seen.close_error == 0, "with room all accepted bytes arrive", what);
  else
    probe::expect(complete || seen.close_error == ENOSPC, "lost bytes are told at close", what);
  return complete;
}

void fill_often(ringfiles::engine& engine, const probe::options& given) {
  const std::string folder = given.text("folder"), path = folder + "/filled";
  const std::string source = probe::numbered_bytes(source_bytes);
  const auto filler_bytes = static_cast<std::size_t>(given.number("filler", 0));
  std::int64_t runs = 0, short_files = 0;
  for (; runs < given.number("count", 100) && probe::failures == 0; ++runs) {
    const bool makes_room = filler_bytes > 0 && runs % 2 == 1;
    const std::string filler = makes_room ? folder + "/filler" : std::string();
    if (makes_room) probe::write_file(filler, std::string(filler_bytes, 'f'));
    const auto seen =
        ringfiles::run(engine, fill(path, filler, static_cast<unsigned>(runs), source));
    short_files += judge(seen, content_of(path), source, makes_room, runs) ? 0 : 1;
    ::unlink(path.c_str());
  }
  probe::figure("runs", runs);
  probe::figure("short_files", short_files);
}

}  // namespace

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  ringfiles::engine engine(given.engine());
  if (given.text("do") == "sync")
    ringfiles::run(
        engine, sticky_sync(given.text("file"), static_cast<std::size_t>(given.number("mib", 80))));
  else
    fill_often(engine, given);
  return probe::failures == 0 ? 0 : 1;
}
