#include "file/fifo_peer.hpp"

#include "base/owned_fd.hpp"
#include "sys/calls.hpp"

namespace ringfiles::detail {
namespace {

struct scratch_pipe {
  base::owned_fd out;
  base::owned_fd in;
  scratch_pipe() {
    int ends[2] = {-1, -1};
    if (sys::make_pipe(ends) == 0) {
      out = base::owned_fd(ends[0]);
      in = base::owned_fd(ends[1]);
    }
  }
};

}  // namespace

// tee(2) answers 0 when there is neither data nor a writer, and copies at most one byte into the
// scratch pipe, which is emptied by being thrown away.
bool fifo_has_writer(int fd) noexcept {
  thread_local scratch_pipe scratch;
  const int answer = sys::fifo_has_writer(fd, scratch.in.get());
  if (answer != 0) scratch = scratch_pipe();
  return answer != 0;
}

}  // namespace ringfiles::detail
