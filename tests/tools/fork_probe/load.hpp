// Work that goes on while the process forks: reads through the ring and the pool, reads in order,
// writes, each checked byte by byte.
#pragma once

#include <string>
#include <vector>

#include "probe/event_loop.hpp"
#include "probe/faults.hpp"
#include "ringfiles/ringfiles.hpp"

namespace forking {

using ringfiles::task;

constexpr std::size_t block_bytes = 16 * 1024;
constexpr std::size_t file_bytes = 8 << 20;

inline const std::string& content() {
  static const std::string text = probe::numbered_bytes(file_bytes);
  return text;
}

/// Ends quietly in a child, whose parent has what was in flight.
struct parent_has_it {};

template <class T>
task<T> owned(ringfiles::operation<T> call) {
  try {
    co_return co_await std::move(call);
  } catch (const ringfiles::error& ended) {
    if (ended.code() != ringfiles::errc::fork_interrupted) throw;
  }
  throw parent_has_it{};
}

struct load {
  std::string disk, mount;
  bool over = false;
  std::size_t active = 0;
  std::size_t blocks = 0;       ///< read and right
  std::size_t interrupted = 0;  ///< in a child
  std::string written;

  void check(const std::string& got, std::size_t at) {
    if (got == content().substr(at, block_bytes))
      ++blocks;
    else
      probe::fail("content", "wrong bytes at " + std::to_string(at));
  }
};

inline task<void> read_anywhere(load& on, std::string path, std::size_t at) {
  auto file = co_await owned(ringfiles::open(path, "rb"));
  for (; !on.over; at = (at + 37 * block_bytes) % file_bytes)
    on.check(co_await owned(file.read_at(at, block_bytes)), at);
}

inline task<void> read_in_order(load& on, std::string path) {
  while (!on.over) {
    auto file = co_await owned(ringfiles::open(path, "rb"));
    for (std::size_t at = 0; at < file_bytes && !on.over; at += block_bytes)
      on.check(co_await owned(file.read(block_bytes)), at);
    co_await owned(file.close());
  }
}

/// What is accepted must be in the file, once, in order.
inline task<void> write_in_order(load& on, std::string path) {
  auto file = co_await owned(ringfiles::open(path, "wb"));
  for (std::size_t at = 0; !on.over; at = (at + block_bytes) % file_bytes) {
    const std::string block = content().substr(at, block_bytes);
    co_await owned(file.write(block));
    on.written += block;
    if (at % (64 * block_bytes) == 0) co_await owned(file.sync_data());
    co_await ringfiles::sleep_for(std::chrono::microseconds(200));
  }
  co_await owned(file.close());
}

/// Opens in the pool, so that its locks are held in many moments.
inline task<void> open_often(load& on, std::string path) {
  while (!on.over) {
    auto file = co_await owned(ringfiles::open(path, "rb"));
    co_await owned(file.close());
  }
}

inline ringfiles::detail::detached count_down(load& on, task<void> work, const char* name) {
  ++on.active;
  try {
    co_await std::move(work);
  } catch (const parent_has_it&) {
    ++on.interrupted;
  } catch (const std::exception& thrown) {
    probe::fail(name, thrown.what());
  }
  --on.active;
}

inline void start(load& on) {
  for (std::size_t i = 0; i < 16; ++i)
    count_down(on, read_anywhere(on, on.disk + "/data", i * block_bytes), "read disk");
  for (std::size_t i = 0; i < 8; ++i)
    count_down(on, read_anywhere(on, on.mount + "/data", i * block_bytes), "read mirror");
  count_down(on, read_in_order(on, on.disk + "/data"), "read in order");
  count_down(on, read_in_order(on, on.mount + "/data"), "read mirror in order");
  count_down(on, write_in_order(on, on.disk + "/out"), "write");
  for (int i = 0; i < 4; ++i) count_down(on, open_often(on, on.mount + "/data"), "open");
}

}  // namespace forking
