// What a probe tells its driver: `figure NAME VALUE` for a number that the driver judges, and
// `FAIL NAME: WHY` for what must not be, whatever the numbers.
#pragma once

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace probe {

inline std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

inline void figure(const std::string& name, std::int64_t value) {
  std::printf("figure %s %lld\n", name.c_str(), static_cast<long long>(value));
  std::fflush(stdout);
}

inline int failures = 0;

inline void fail(const std::string& name, const std::string& why) {
  ++failures;
  std::printf("FAIL %s: %s\n", name.c_str(), why.c_str());
  std::fflush(stdout);
}

inline bool expect(bool good, const std::string& name, const std::string& why = "not so") {
  if (!good) fail(name, why);
  return good;
}

/// Ends the process at once: the probe itself cannot go on.
[[noreturn]] inline void give_up(const std::string& why) {
  std::printf("FAIL probe: %s\n", why.c_str());
  std::fflush(stdout);
  std::_Exit(3);
}

/// The value that `per_mille` of all do not exceed (nearest rank).
inline std::int64_t percentile(std::vector<std::int64_t> values, std::size_t per_mille) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t rank = (values.size() * per_mille + 999) / 1000;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

/// Median, p99 and the largest of times in nanoseconds, as figures in microseconds.
inline void figures_of(const std::string& name, const std::vector<std::int64_t>& times_ns) {
  figure(name + "_count", static_cast<std::int64_t>(times_ns.size()));
  figure(name + "_median_us", percentile(times_ns, 500) / 1000);
  figure(name + "_p99_us", percentile(times_ns, 990) / 1000);
  figure(name + "_max_us", percentile(times_ns, 1000) / 1000);
}

/// Descriptors that this process has open.
inline int open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int count = -3;  // ".", ".." and the folder itself
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

}  // namespace probe
