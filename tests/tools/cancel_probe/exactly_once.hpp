// A stream read by calls that are cancelled in flight, over and over, must still deliver each byte
// exactly once.
#pragma once

#include <random>
#include <string>

#include "probe/figures.hpp"
#include "ringfiles/ringfiles.hpp"

namespace cancelling {

/// Reads a whole file by `kind` with deadlines that often strike, and collects what was delivered.
class interrupted_reader {
 public:
  interrupted_reader(std::string path, std::string kind, unsigned seed)
      : path_(std::move(path)), kind_(std::move(kind)), random_(seed) {}

  ringfiles::task<void> run() {
    const bool text = kind_ == "readline" || kind_ == "next_lines";
    auto file = co_await ringfiles::open(path_, text ? "r" : "rb");
    while (!at_end_) co_await step(file);
    co_await file.close();
  }

  const std::string& delivered() const noexcept { return delivered_; }
  std::size_t cancelled() const noexcept { return cancelled_; }

 private:
  // A third of the deadlines are over at once, a third strike in flight, a third leave time.
  std::chrono::microseconds deadline() {
    const auto dice = random_() % 3;
    return std::chrono::microseconds(dice == 0 ? 0 : dice == 1 ? random_() % 9000 : 100'000);
  }

  ringfiles::task<void> step(ringfiles::file& file) {
    const std::size_t size = 1 + random_() % 50'000;
    const auto limit = deadline();
    const std::size_t before = delivered_.size();
    try {
      if (kind_ == "read") delivered_ += co_await file.read(size).within(limit);
      if (kind_ == "read_some") delivered_ += co_await file.read_some(size).within(limit);
      if (kind_ == "readinto") co_await read_into(file, size, limit);
      if (kind_ == "readline") co_await read_line(file, limit);
      if (kind_ == "next_lines") co_await read_lines(file, limit);
      at_end_ = delivered_.size() == before;
    } catch (const ringfiles::error& ended) {
      if (ended.code() != std::errc::timed_out) throw;
      ++cancelled_;
    }
  }

  ringfiles::task<void> read_into(ringfiles::file& file, std::size_t size,
                                  std::chrono::microseconds limit) {
    std::string memory(size, '#');
    const auto count =
        co_await file.readinto(std::as_writable_bytes(std::span(memory))).within(limit);
    delivered_.append(memory, 0, count);
  }

  ringfiles::task<void> read_line(ringfiles::file& file, std::chrono::microseconds limit) {
    if (const auto line = co_await file.readline().within(limit)) delivered_ += *line;
  }

  ringfiles::task<void> read_lines(ringfiles::file& file, std::chrono::microseconds limit) {
    const auto batch = co_await file.next_lines().within(limit);
    if (batch) delivered_ += batch->text();
  }

  std::string path_;
  std::string kind_;
  std::minstd_rand random_;
  std::string delivered_;
  std::size_t cancelled_ = 0;
  bool at_end_ = false;
};

}  // namespace cancelling
