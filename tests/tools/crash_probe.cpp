// crash_probe: writes for as long as it lives, and says what is safe by now; its driver ends it,
// the file system or the disk.
//
//     crash_probe --backend=B --do=replace --folder=FOLDER [--files=N]    write_bytes, atomic
//     crash_probe --backend=B --do=append --file=FILE                     open "ab", write, sync
//         [--report=FILE] [--from=N] [--count=N] [--protocol=NAME]
//
// Reports are lines, one write(2) each, into FILE (default: standard output): `ready` when the
// engine runs, `done NAME NUMBER` when a call has ended that makes this state of the file durable.
// --from: the number of the first state; --count: how many are written of each file.
//
// replace: files file-0 … side by side, each replaced again and again by what state_of() makes.
// append: records record_of() makes, some of them for each sync; what there is must be whole.
//
// --protocol=safe is the library as it is. The others are what its tests must catch: no_sync
// renames a file that was never synced, no_folder_sync forgets the folder after the rename, early
// reports a record before its sync.
#include <unistd.h>

#include <array>

#include "probe/faults.hpp"
#include "probe/figures.hpp"
#include "probe/options.hpp"

namespace {

using ringfiles::task;

// One block, several blocks, and more than the first extent; no multiple of anything.
constexpr std::size_t largest_state_bytes = 60'000;
constexpr std::size_t largest_record_bytes = 9'000;
constexpr std::size_t large_prime = 104'729;
constexpr std::size_t most_records_of_a_sync = 6;

class reporter {
 public:
  explicit reporter(const std::string& path)
      : fd_(path.empty() ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)) {
    if (fd_ < 0) probe::give_up("cannot report to " + path);
  }
  void say(const std::string& line) const {
    const std::string whole = line + "\n";
    if (::write(fd_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size()))
      probe::give_up("nobody hears the report");
  }
  void done(const std::string& name, std::size_t number) const {
    say("done " + name + " " + std::to_string(number));
  }

 private:
  int fd_;
};

std::string digits(std::size_t number) {
  constexpr std::size_t width = 8;
  std::string text = std::to_string(number);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

/// A line with the name, the number and the size of all, repeated up to that size.
std::string state_of(const std::string& name, std::size_t number) {
  const std::size_t size = 100 + number * large_prime % largest_state_bytes;
  const std::string line = name + " " + digits(number) + " " + digits(size) + "\n";
  std::string text;
  while (text.size() < size) text += line;
  text.resize(size);
  return text;
}

/// "record NUMBER SIZE", letters that follow from the number, and a line end.
std::string record_of(std::size_t number) {
  const std::size_t size = 40 + number * large_prime % largest_record_bytes;
  std::string text = "record " + digits(number) + " " + digits(size) + " ";
  text.resize(size - 1, static_cast<char>('a' + number % 26));
  return text + "\n";
}

task<void> write_carelessly(std::string path, std::string bytes, bool synced) {
  const std::string temporary = path + ".careless";
  auto file = co_await ringfiles::open(temporary, "wb");
  co_await file.write(std::move(bytes));
  if (synced) co_await file.sync();
  co_await file.close();
  co_await ringfiles::rename(temporary, path);
}

struct orders {
  std::string protocol;
  std::size_t from;
  std::size_t end;
};

task<void> replace_for_ever(std::string folder, std::string name, orders given,
                            const reporter& to) {
  for (std::size_t number = given.from; number < given.end; ++number) {
    // Statements of their own: GCC 12 destroys temporaries of a conditional twice in a co_await.
    std::string state = state_of(name, number);
    if (given.protocol == "safe")
      co_await ringfiles::write_bytes(folder + "/" + name, std::move(state), {.atomic = true});
    else
      co_await write_carelessly(folder + "/" + name, std::move(state), given.protocol != "no_sync");
    to.done(name, number);
  }
}

task<void> replace_all(std::string folder, std::size_t files, orders given, const reporter& to) {
  std::vector<task<void>> running;
  for (std::size_t i = 0; i < files; ++i)
    running.push_back(replace_for_ever(folder, "file-" + std::to_string(i), given, to));
  co_await ringfiles::gather(std::move(running));
}

task<void> append_for_ever(std::string path, orders given, const reporter& to) {
  auto file = co_await ringfiles::open(path, "ab");
  for (std::size_t number = given.from; number < given.end;) {
    const std::size_t some = 1 + number * large_prime / 1000 % most_records_of_a_sync;
    for (std::size_t i = 0; i < some; ++i) co_await file.write(record_of(number++));
    if (given.protocol == "early") to.done("log", number - 1);
    co_await file.sync_data();
    if (given.protocol != "early") to.done("log", number - 1);
  }
  co_await file.close();
}

task<void> work(const probe::options& given, const reporter& to) {
  const auto from = static_cast<std::size_t>(given.number("from", 1));
  const auto count = static_cast<std::size_t>(given.number("count", 100'000'000));
  const orders ordered{given.text("protocol", "safe"), from, from + count};
  to.say("ready");
  if (given.text("do") == "append")
    co_await append_for_ever(given.text("file"), ordered, to);
  else
    co_await replace_all(given.text("folder"), static_cast<std::size_t>(given.number("files", 8)),
                         ordered, to);
}

}  // namespace

int main(int argc, char** argv) {
  const probe::options given(argc, argv);
  const reporter to(given.text("report"));
  ringfiles::engine engine(given.engine());
  try {
    ringfiles::run(engine, work(given, to));
  } catch (const ringfiles::error& failed) {
    to.say(std::string("failed ") + failed.what());  // expected where the file system goes away
    return 1;
  }
  return 0;
}
