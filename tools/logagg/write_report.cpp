#include "logagg/write_report.hpp"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

namespace logagg {
namespace {

using ringfiles::task;

/// A name that nobody guesses: 64 random bits, and mode "x" decides.
std::string temporary_beside(const std::string& path) {
  std::random_device source;
  const std::uint64_t bits = (std::uint64_t{source()} << 32) | source();
  return path + ".tmp-" + std::to_string(bits);
}

struct destination {
  std::string path;       ///< behind any symbolic links
  bool in_place = false;  ///< a FIFO, a terminal, a device: it takes bytes as it is
};

/// Blocks: a job for the pool.
destination find_destination(const std::string& named) {
  namespace fs = std::filesystem;
  std::error_code missing;
  const fs::file_status there = fs::status(named, missing);
  if (!fs::exists(there)) return {named};
  const bool in_place = fs::is_other(there);
  const fs::path target = in_place ? fs::path() : fs::canonical(named, missing);
  return {target.empty() ? named : target.string(), in_place};
}

/// While one chunk is formatted, the library writes the ones before it.
task<> write_all(ringfiles::file& into, report& out) {
  for (auto chunk = out.next_chunk(); !chunk.empty(); chunk = out.next_chunk())
    co_await into.write(chunk);
}

task<> write_in_place(report& out, std::string path) {
  auto file = co_await ringfiles::open(std::move(path), "wb");
  co_await write_all(file, out);
  co_await file.close();
}

task<> fill_and_rename(ringfiles::file temporary, report& out, std::string path) {
  co_await write_all(temporary, out);
  co_await temporary.sync_data();
  co_await temporary.close();
  co_await ringfiles::rename(temporary.path(), std::move(path));
}

/// True if it is gone now. If not, it is the failure before this one that counts.
task<bool> try_remove(std::string path) {
  try {
    co_await ringfiles::remove(std::move(path));
    co_return true;
  } catch (const ringfiles::error&) {
    co_return false;
  }
}

task<> replace(report& out, std::string path) {
  const std::string name = temporary_beside(path);
  auto temporary = co_await ringfiles::open(name, "xb");
  std::exception_ptr failure;
  try {
    co_await fill_and_rename(std::move(temporary), out, std::move(path));
    co_return;
  } catch (...) {
    failure = std::current_exception();
  }
  co_await try_remove(name);
  std::rethrow_exception(failure);
}

}  // namespace

task<> write_report(report out, std::string path) {
  try {
    destination found;
    co_await ringfiles::offload([&] { found = find_destination(path); });
    if (found.in_place)
      co_await write_in_place(out, found.path);
    else
      co_await replace(out, found.path);
  } catch (const ringfiles::error& problem) {
    // The user named this path, not that of the temporary file.
    throw ringfiles::error(problem.code(), problem.operation(), path, problem.hint());
  }
}

bool print_report(report out) {
  for (auto chunk = out.next_chunk(); !chunk.empty(); chunk = out.next_chunk())
    if (std::fwrite(chunk.data(), 1, chunk.size(), stdout) != chunk.size()) return false;
  return std::fflush(stdout) == 0;
}

}  // namespace logagg
