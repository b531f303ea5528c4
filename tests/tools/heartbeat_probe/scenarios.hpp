// What a program does while its heartbeat is watched. Each scenario starts tasks that go on until
// they are told to stop; what it wants of the files (hung, slow, cold) is prepared before.
#pragma once

#include <sys/stat.h>

#include <deque>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "probe/event_loop.hpp"
#include "probe/faults.hpp"
#include "ringfiles/ringfiles.hpp"

namespace heartbeat {

using ringfiles::task;

/// The places that the driver gives, and one phase of work in them.
struct work {
  std::string disk;    ///< a folder on a local disk
  std::string direct;  ///< faultfs, direct
  std::string cached;  ///< faultfs, through the page cache
  std::string big;     ///< a large text file on the disk
  std::stop_token stop;
  std::size_t operations = 0;
  std::vector<std::string> kept = {};  ///< freeing 400 MB takes the caller long: after the phase

  bool over() const { return stop.stop_requested(); }
};

constexpr std::size_t block_bytes = 64 * 1024;
constexpr std::size_t piece_bytes = 1024 * 1024;

/// Awaits an operation that ends with the phase at the latest, and counts it.
template <class T>
task<bool> done(work& now, ringfiles::operation<T> call) {
  try {
    co_await std::move(call).stopped_by(now.stop);
  } catch (const ringfiles::error& ended) {
    if (ended.code() != std::errc::operation_canceled) throw;
    co_return false;
  }
  ++now.operations;
  co_return true;
}

inline task<void> read_blocks(work& now, std::string path, std::size_t first) {
  auto file = co_await ringfiles::open(path, "rb").stopped_by(now.stop);
  for (std::size_t at = first; co_await done(now, file.read_at(at * block_bytes, block_bytes));)
    at = (at + 8) % 512;
}

inline task<void> read_in_order(work& now, std::string path) {
  auto file = co_await ringfiles::open(path, "rb").stopped_by(now.stop);
  while (co_await done(now, file.read(block_bytes))) continue;
}

inline task<void> open_once(work& now, std::string path, std::string mode) {
  co_await done(now, ringfiles::open(path, mode));
}

inline task<void> open_and_read(work& now, std::string path) {
  auto file = co_await ringfiles::open(path, "rb").stopped_by(now.stop);
  co_await done(now, file.read());
}

/// Each call that may wait for the file system, the file dropped unclosed now and then.
inline task<void> visit_slowly(work& now, std::string path, std::size_t number) {
  path += std::to_string(number);
  for (std::size_t turn = 0; !now.over(); ++turn) {
    auto file = co_await ringfiles::open(path, "w+b").stopped_by(now.stop);
    bool goes_on = co_await done(now, file.write(std::string(3 * block_bytes, 'x')));
    goes_on = goes_on && co_await done(now, ringfiles::status(path));
    goes_on = goes_on && co_await done(now, file.sync());
    goes_on = goes_on && co_await done(now, file.truncate(10));
    if (goes_on && turn % 2 == 0) co_await done(now, file.close());
  }
}

// GCC 12 destroys a lambda's captures twice when the lambda stands inside the co_await expression.
inline task<void> evict_later(std::string path) {
  std::function<void()> job = [path] { probe::evict(path); };
  co_await ringfiles::offload(std::move(job));
}

inline task<void> read_cold_lines(work& now, std::string path) {
  while (!now.over()) {
    co_await evict_later(path);
    auto file = co_await ringfiles::open(path, "r");
    while (!now.over() && co_await file.readline()) ++now.operations;
  }
}

inline task<void> read_at_random(work& now, std::string path, unsigned seed) {
  std::minstd_rand random(seed);
  struct stat facts{};
  ::stat(path.c_str(), &facts);
  const auto pages = static_cast<std::size_t>(facts.st_size) / 4096;
  auto file = co_await ringfiles::open(path, "rb");
  while (co_await done(now, file.read_at(random() % pages * 4096, 4096))) continue;
}

inline task<void> read_pieces(work& now, std::string path, std::size_t number) {
  std::vector<std::byte> into(piece_bytes);
  auto file = co_await ringfiles::open(path, "rb");
  for (std::size_t at = number;; at = (at + 64) % 384)
    if (!co_await done(now, file.read_at(at * piece_bytes, std::span(into)))) co_return;
}

inline task<void> read_lines(work& now, std::string path) {
  while (!now.over()) {
    auto file = co_await ringfiles::open(path, "r");
    while (!now.over() && co_await file.readline()) ++now.operations;
  }
}

inline task<void> read_batches(work& now, std::string path) {
  while (!now.over()) {
    auto file = co_await ringfiles::open(path, "r");
    std::size_t bytes = 0;
    while (auto batch = co_await file.next_lines()) {
      for (std::string_view line : *batch) bytes += line.size();
      ++now.operations;
      if (now.over()) break;
    }
    now.operations += bytes == 1 ? 1 : 0;
  }
}

inline task<void> read_whole(work& now, std::string path) {
  while (!now.over() && now.kept.size() < 3) {
    auto file = co_await ringfiles::open(path, "r").stopped_by(now.stop);
    try {
      now.kept.push_back(co_await file.read().stopped_by(now.stop));
      ++now.operations;
    } catch (const ringfiles::error&) {
      co_return;  // the phase is over
    }
  }
}

inline task<void> write_and_sync(work& now, std::string path) {
  auto file = co_await ringfiles::open(path, "wb");
  const std::string piece(piece_bytes, 'w');
  for (std::size_t count = 1; !now.over(); ++count) {
    if (!co_await done(now, file.write(piece))) break;
    if (count % 16 == 0 && !co_await done(now, file.sync())) break;
    if (count % 256 == 0) co_await file.seek(0);
  }
  co_await file.close();
  co_await ringfiles::remove(path);
}

}  // namespace heartbeat
