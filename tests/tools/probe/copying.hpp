// Copies made in all ways, of sizes drawn by a seed: what must come out right although each
// transfer is cut short.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "ringfiles/ringfiles.hpp"

namespace probe {

/// Reads and writes are of 1 byte to this many.
inline constexpr std::size_t most_copied_bytes = 400'000;

/// Which calls a copy is made with.
enum class copying { reads, pieces, into_memory, positional };
inline constexpr int ways_of_copying = 4;

/// One portion at the position of both; false at the end of the source.
inline ringfiles::task<bool> copy_portion(ringfiles::file& source, ringfiles::file& target,
                                          copying how, std::size_t size) {
  if (how == copying::into_memory) {
    std::vector<std::byte> room(size);
    room.resize(co_await source.readinto(room));
    const std::string_view bytes(reinterpret_cast<const char*>(room.data()), room.size());
    if (!bytes.empty()) co_await target.write(bytes);
    co_return !bytes.empty();
  }
  auto reading = how == copying::reads ? source.read(size) : source.read_some(size);
  std::string bytes = co_await std::move(reading);
  if (bytes.empty()) co_return false;
  co_await target.write(std::move(bytes));
  co_return true;
}

inline ringfiles::task<void> copy_at_places(ringfiles::file& source, ringfiles::file& target,
                                            std::mt19937_64& random) {
  for (std::uint64_t at = 0;;) {
    const std::size_t size = 1 + random() % most_copied_bytes;
    const std::string bytes = co_await source.read_at(at, size);
    if (bytes.empty()) co_return;
    co_await target.write_at(at, bytes);
    at += bytes.size();
  }
}

/// From the one path to the other. The seed chooses the calls, too.
inline ringfiles::task<void> copy_file(std::string from, std::string to, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto source = co_await ringfiles::open(from, "rb");
  auto target = co_await ringfiles::open(to, "wb");
  const auto how = static_cast<copying>(seed % ways_of_copying);
  if (how == copying::positional) {
    co_await copy_at_places(source, target, random);
  } else {
    bool more = true;
    while (more)
      more = co_await copy_portion(source, target, how, 1 + random() % most_copied_bytes);
  }
  co_await target.close();
}

}  // namespace probe
