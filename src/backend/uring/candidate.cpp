#include "backend/uring/candidate.hpp"

#include <cerrno>
#include <fstream>

#include "backend/uring/ring.hpp"
#include "backend/uring/uring_backend.hpp"

namespace ringfiles::backend {
namespace {

int disabled_by_sysctl() {
  std::ifstream setting("/proc/sys/kernel/io_uring_disabled");
  int value = 0;
  return setting >> value ? value : 0;
}

std::string likely_cause(int number) {
  switch (number) {
    case EPERM:
    case EACCES:
      if (const int value = disabled_by_sysctl(); value > 0)
        return "disabled by sysctl: kernel.io_uring_disabled=" + std::to_string(value) +
               "; set it to 0 to allow io_uring";
      return "refused by a seccomp filter or security module, as in a container; allow "
             "io_uring_setup, io_uring_enter and io_uring_register in its profile";
    case ENOSYS:
      return "the kernel has no io_uring (Linux before 5.1), or a seccomp filter says so";
    case ENOMEM:
      return "locked memory is limited; raise RLIMIT_MEMLOCK (ulimit -l)";
    case ECANCELED:
      return "the kernel could start no worker; raise RLIMIT_NPROC (ulimit -u)";
    case EMFILE:
    case ENFILE:
      return "out of descriptors; raise RLIMIT_NOFILE (ulimit -n)";
    case EINVAL:
    case EOPNOTSUPP:
      return "the kernel's io_uring lacks an operation that is needed (Linux before 5.6)";
    default:
      return "unexpected; the thread pool serves instead";
  }
}

}  // namespace

bool uring_available(backend_refusal& refusal) {
  const char* step = "";
  const int result = probe_ring(step);
  if (result == 0) return true;
  refusal = {std::string("uring: ") + step, -result, likely_cause(-result)};
  return false;
}

std::unique_ptr<backend> make_uring_backend(std::shared_ptr<wake_up> wake, bool concurrent) {
  return std::make_unique<uring_backend>(std::move(wake), concurrent);
}

}  // namespace ringfiles::backend
