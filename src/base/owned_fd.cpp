#include "base/owned_fd.hpp"

#include <unistd.h>

namespace ringfiles::base {

// The library's own descriptors only (eventfd, epoll, timer): closing these never waits, and they
// are no files of the user, so they bypass the table of replaceable calls.
void owned_fd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace ringfiles::base
