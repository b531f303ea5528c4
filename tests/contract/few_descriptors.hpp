// A process that has hardly any descriptor left.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace ringfiles::contract {

/// While it lives, the process can open so many files and no more.
class few_descriptors {
 public:
  explicit few_descriptors(unsigned left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::fcntl(0, F_DUPFD, 0);
    ::close(lowest_free);
    // What is open above the lowest free one stays open, and its numbers are not free.
    for (int fd = lowest_free; fd < last_looked_at; ++fd)
      if (::fcntl(fd, F_GETFD) < 0) gaps_.push_back(fd);
    gaps_.resize(left);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(gaps_.back()) + 1;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  static constexpr int last_looked_at = 500;
  rlimit before_{};
  std::vector<int> gaps_;
};

}  // namespace ringfiles::contract
