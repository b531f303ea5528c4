#include "backend/uring/ring.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/owned_fd.hpp"
#include "sys/calls.hpp"

#if defined(__SANITIZE_THREAD__)
#define RINGFILES_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RINGFILES_TSAN 1
#endif
#endif

#ifdef RINGFILES_TSAN
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace ringfiles::backend {
namespace {

// liburing maps and unmaps with system calls of its own, which ThreadSanitizer does not see: two
// rings that have the same address one after the other would look like a race. So it is told that
// whatever was done to a ring comes before the next one.
#ifdef RINGFILES_TSAN
char mappings;
void before_unmapping() noexcept { __tsan_release(&mappings); }
void after_mapping() noexcept { __tsan_acquire(&mappings); }
#else
void before_unmapping() noexcept {}
void after_mapping() noexcept {}
#endif

// Values of newer kernels than the header of an old liburing may know.
constexpr unsigned setup_clamp = 1U << 4;
constexpr unsigned setup_coop_taskrun = 1U << 8;
constexpr unsigned setup_taskrun_flag = 1U << 9;

int init(io_uring& ring, unsigned flags) noexcept {
  for (unsigned size = ring::entries;; size /= 2) {
    io_uring_params params{};
    params.flags = flags | setup_clamp;
    const int result = io_uring_queue_init_params(size, &ring, &params);
    // ENOMEM: before 5.12 the ring counts against RLIMIT_MEMLOCK; a smaller one may fit.
    if (result != -ENOMEM || size <= ring::least_entries) return result;
  }
}

bool knows_our_operations(io_uring& ring) noexcept {
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr) return false;
  bool all = true;
  for (int code : {IORING_OP_READ, IORING_OP_READV, IORING_OP_FSYNC, IORING_OP_ASYNC_CANCEL})
    all = all && io_uring_opcode_supported(probe, code) != 0;
  io_uring_free_probe(probe);
  return all;
}

/// A signal, or a kernel that is short of memory for a moment, says nothing about rings: the entry
/// is still queued, so the call is repeated, with a bound.
template <class Call>
int patiently(Call call) noexcept {
  constexpr int most_tries = 20;
  int result = call();
  for (int tries = 1; tries < most_tries; ++tries) {
    if (result != -EINTR && result != -EAGAIN && result != -EBUSY) break;
    result = call();
  }
  return result;
}

int read_through(ring& tried, int fd) noexcept {
  char byte = 0;
  io_uring& raw = tried.raw();
  io_uring_sqe* entry = io_uring_get_sqe(&raw);
  if (entry == nullptr) return -ENOMEM;
  io_uring_prep_read(entry, fd, &byte, 1, 0);
  io_uring_sqe_set_data(entry, &byte);
  if (const int sent = patiently([&] { return io_uring_submit_and_wait(&raw, 1); }); sent < 0)
    return sent;
  io_uring_cqe* completion = nullptr;
  if (const int got = patiently([&] { return io_uring_wait_cqe(&raw, &completion); }); got < 0)
    return got;
  const int result = completion->res;
  io_uring_cqe_seen(&raw, completion);
  if (result < 0) return result;
  return result == 1 && byte == 'r' ? 0 : -EIO;
}

}  // namespace

ring::~ring() {
  if (!open_) return;
  before_unmapping();
  io_uring_queue_exit(&ring_);
}

void ring::keep_for_ever(std::unique_ptr<ring> kept) noexcept {
  // Who looks for leaks finds that all of them are still known.
  static std::atomic<ring*> all_kept{nullptr};
  ring* const added = kept.release();
  added->open_ = false;
  added->next_kept_ = all_kept.load(std::memory_order_relaxed);
  while (!all_kept.compare_exchange_weak(added->next_kept_, added, std::memory_order_release)) {
  }
}

int ring::open(int eventfd, bool confined, const char*& step) noexcept {
  step = "io_uring_setup";
  int result = init(ring_, confined ? setup_coop_taskrun | setup_taskrun_flag : 0);
  if (result == -EINVAL && confined) result = init(ring_, 0);  // before 5.19
  if (result < 0) return result;
  after_mapping();
  open_ = true;
  // The mapping is not for forked children: they would take the parent's completions.
  io_uring_ring_dontfork(&ring_);
  if (eventfd >= 0) {
    step = "IORING_REGISTER_EVENTFD";
    if (result = io_uring_register_eventfd(&ring_, eventfd); result < 0) return result;
  }
  std::array<unsigned, 2> workers{max_workers, max_workers};
  io_uring_register_iowq_max_workers(&ring_, workers.data());  // 5.15; older kernels go without
  return 0;
}

void ring::collect() noexcept {
  // Task work waits for us (COOP_TASKRUN), or completions overflowed into the kernel's own list.
  const unsigned flags = io_uring_smp_load_acquire(ring_.sq.kflags);
  if ((flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0) io_uring_get_events(&ring_);
}

int probe_ring(const char*& step) noexcept {
  const base::owned_fd wake(sys::make_eventfd());
  ring tried;
  if (const int failed = tried.open(wake.get(), true, step); failed < 0) return failed;
  step = "IORING_REGISTER_PROBE";
  if (!knows_our_operations(tried.raw())) return -EOPNOTSUPP;
  step = "memfd_create";
  const base::owned_fd source(::memfd_create("ringfiles-probe", MFD_CLOEXEC));
  if (!source || ::write(source.get(), "r", 1) != 1) return -errno;
  step = "reading through the ring";
  return read_through(tried, source.get());
}

}  // namespace ringfiles::backend
