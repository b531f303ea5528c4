// One event loop of logagg: an engine of its own, and the files that are read on it.
//
// A file that is in the page cache keeps its loop busy, and a second one beside it would only throw
// the first one's buffer out of the processor's cache. A file on a disk leaves its loop idle most
// of the time. So the next file is opened when the loop has nothing to do: one at a time when all
// is cached, as many as are allowed when nothing is.
//
// SAFETY: one thread.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <ringfiles/ringfiles.hpp>

namespace logagg {

class loop {
 public:
  /// The work on one more file; nothing when there are no more.
  using next_file = std::function<std::optional<ringfiles::task<>>()>;

  /// Runs until `next` gives nothing more and all that it gave has ended, with at most `at_most` of
  /// them at the same time.
  /// ERRORS: ringfiles::error when no engine can be made; the first thing that some work threw.
  static ringfiles::statistics run(const next_file& next, std::size_t at_most);

 private:
  struct started;

  explicit loop(const next_file& next) : next_(next) {}
  void run_all(std::size_t at_most);
  void start_next();
  started drive(ringfiles::task<> work);

  const next_file& next_;
  ringfiles::engine engine_;
  std::size_t running_ = 0;
  bool more_ = true;
  std::exception_ptr thrown_;
};

}  // namespace logagg
