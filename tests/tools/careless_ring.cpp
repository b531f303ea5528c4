// careless_ring: what canary_probe would find in a program that trusts a cancel. Without ringfiles.
//
//     careless_ring FILE [ROUNDS]
//
// Reads a slow file through an io_uring, cancels, closes the ring, frees the buffer and allocates
// again. Figure: changed, the bytes of the new object that the kernel overwrote.
#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "probe/figures.hpp"

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr unsigned char canary = 0xC5;

std::int64_t changed_by_one_read(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  io_uring ring{};
  if (fd < 0 || io_uring_queue_init(8, &ring, 0) != 0) probe::give_up("no file or no ring");
  void* buffer = std::malloc(buffer_bytes);
  io_uring_sqe* read = io_uring_get_sqe(&ring);
  io_uring_prep_read(read, fd, buffer, buffer_bytes, 0);
  io_uring_sqe_set_data(read, buffer);
  io_uring_submit(&ring);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  io_uring_sqe* cancel = io_uring_get_sqe(&ring);
  io_uring_prep_cancel(cancel, buffer, 0);
  io_uring_submit(&ring);
  io_uring_queue_exit(&ring);
  std::free(buffer);

  auto* recycled = static_cast<unsigned char*>(std::malloc(buffer_bytes));
  std::memset(recycled, canary, buffer_bytes);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  std::int64_t changed = 0;
  for (std::size_t i = 0; i < buffer_bytes; ++i) changed += recycled[i] != canary ? 1 : 0;
  std::free(recycled);
  ::close(fd);
  return changed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::int64_t changed = 0;
  const long rounds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 1;
  for (long i = 0; i < rounds; ++i) changed += changed_by_one_read(argv[1]);
  probe::figure("changed", changed);
}
