#include "sys/calls.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>

namespace ringfiles::sys {
namespace {

// linux/openat2.h clashes with fcntl.h in older headers; the layout is fixed ABI.
struct open_how {
  std::uint64_t flags;
  std::uint64_t mode;
  std::uint64_t resolve;
};

long kernel_openat2(const char* path, int flags, mode_t mode, std::uint64_t resolve) {
  const open_how how{static_cast<std::uint64_t>(flags), mode, resolve};
  constexpr long openat2_number = 437;  // the same on every architecture
  return ::syscall(openat2_number, AT_FDCWD, path, &how, sizeof how);
}

int kernel_statx(int fd, const char* path, bool cached, file_facts* facts) {
  struct statx raw;
  const int flags = (*path == '\0' ? AT_EMPTY_PATH : 0) | (cached ? AT_STATX_DONT_SYNC : 0);
  if (::statx(fd, path, flags, STATX_BASIC_STATS, &raw) != 0) return -1;
  facts->device = (std::uint64_t{raw.stx_dev_major} << 32) | raw.stx_dev_minor;
  facts->inode = raw.stx_ino;
  facts->size = raw.stx_size;
  facts->modified_ns = raw.stx_mtime.tv_sec * 1'000'000'000 + raw.stx_mtime.tv_nsec;
  facts->links = raw.stx_nlink;
  facts->mode = raw.stx_mode;
  return 0;
}

int kernel_fstatfs(int fd, long* magic) {
  struct statfs raw;
  if (::fstatfs(fd, &raw) != 0) return -1;
  *magic = raw.f_type;
  return 0;
}

// libc's is a cancellation point (pthreads(7)): in a program with threads it switches asynchronous
// cancellation on and off, 15 to 20 ns of the 470 that a cached page costs. Nobody cancels a loop.
ssize_t kernel_preadv2(int fd, const iovec* parts, int count, off_t offset, int flags) {
#if defined(SYS_preadv2) && defined(__LP64__)
  constexpr long high_half = 0;  // of the offset; all of it fits the first half
  const long moved = ::syscall(SYS_preadv2, fd, parts, count, offset, high_half, flags);
  if (moved >= 0 || errno != ENOSYS) return moved;
#endif
  return ::preadv2(fd, parts, count, offset, flags);
}

constexpr call_table kernel_calls{
    .openat2 = kernel_openat2,
    .open = [](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); },
    .close = ::close,
    .preadv2 = kernel_preadv2,
    .pwritev2 = ::pwritev2,
    .fsync = ::fsync,
    .fdatasync = ::fdatasync,
    .ftruncate = ::ftruncate,
    .statx = kernel_statx,
    .fstatfs = kernel_fstatfs,
    .rename = [](const char* from, const char* to) { return std::rename(from, to); },
    .unlink = ::unlink,
    .flock = ::flock,
    .fcntl = [](int fd, int command, int flags) { return ::fcntl(fd, command, flags); },
    .lseek = ::lseek,
    .eventfd = [] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); },
    .epoll_create = [] { return ::epoll_create1(EPOLL_CLOEXEC); },
    .timerfd_create = [] { return ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); },
    .epoll_ctl = ::epoll_ctl,
    .ring_entry = nullptr,
};

template <class Result>
auto negative_errno(Result result) noexcept {
  return result < 0 ? static_cast<Result>(-errno) : result;
}

template <class Call>
auto retried(Call call) noexcept {
  for (;;) {
    const auto result = negative_errno(call());
    if (result != -EINTR) return result;
  }
}

}  // namespace

file_status status_of(const file_facts& facts) noexcept {
  const auto kind = S_ISREG(facts.mode)    ? file_status::type::regular
                    : S_ISDIR(facts.mode)  ? file_status::type::directory
                    : S_ISFIFO(facts.mode) ? file_status::type::fifo
                                           : file_status::type::other;
  return {kind, facts.size, facts.modified_ns, facts.device, facts.inode};
}

call_table table = kernel_calls;

const call_table& kernel_table() noexcept { return kernel_calls; }

int open_resolving(const char* path, int flags, mode_t mode, std::uint64_t resolve) noexcept {
  return static_cast<int>(
      retried([&] { return table.openat2(path, flags | O_CLOEXEC, mode, resolve); }));
}

int open_file(const char* path, int flags, mode_t mode) noexcept {
  return retried([&] { return table.open(path, flags | O_CLOEXEC, mode); });
}

int close_file(int fd) noexcept {
  const int result = negative_errno(table.close(fd));
  return result == -EINTR ? 0 : result;
}

void start_writeback(int fd, off_t offset, std::size_t bytes) noexcept {
  ::sync_file_range(fd, offset, static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE);
}

void start_reading(int fd, off_t offset, std::size_t bytes) noexcept {
  ::posix_fadvise(fd, offset, static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
}

void expect_sequential(int fd) noexcept { ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); }

std::int64_t read_parts(int fd, const iovec* parts, int count, off_t offset, int flags) noexcept {
  return retried([&] { return table.preadv2(fd, parts, count, offset < 0 ? -1 : offset, flags); });
}

std::int64_t write_parts(int fd, const iovec* parts, int count, off_t offset, int flags) noexcept {
  return retried([&] { return table.pwritev2(fd, parts, count, offset < 0 ? -1 : offset, flags); });
}

// EINTR from fsync is an answer, not an invitation: some file systems have dropped the error by
// then, so a repeated call could report a success that never was.
int sync_file(int fd) noexcept { return negative_errno(table.fsync(fd)); }
int sync_file_data(int fd) noexcept { return negative_errno(table.fdatasync(fd)); }

int truncate_file(int fd, std::uint64_t size) noexcept {
  return retried([&] { return table.ftruncate(fd, static_cast<off_t>(size)); });
}

int facts_of(int fd, bool cached, file_facts& facts) noexcept {
  return retried([&] { return table.statx(fd, "", cached, &facts); });
}

int facts_at(const char* path, file_facts& facts) noexcept {
  if (*path == '\0') return -ENOENT;
  return retried([&] { return table.statx(AT_FDCWD, path, false, &facts); });
}

int start_of_path(const char* path, file_facts& facts) noexcept {
  const char* start = *path == '/' ? "/" : "";  // "" and AT_FDCWD: the working directory
  return retried([&] { return table.statx(AT_FDCWD, start, true, &facts); });
}

int filesystem_of(int fd, long& magic) noexcept {
  return retried([&] { return table.fstatfs(fd, &magic); });
}

int rename_path(const char* from, const char* to) noexcept {
  return retried([&] { return table.rename(from, to); });
}

int unlink_path(const char* path) noexcept {
  return retried([&] { return table.unlink(path); });
}

int try_lock_file(int fd) noexcept {
  return retried([&] { return table.flock(fd, LOCK_EX | LOCK_NB); });
}

int make_eventfd() noexcept { return negative_errno(table.eventfd()); }
int make_epoll() noexcept { return negative_errno(table.epoll_create()); }
int make_timer() noexcept { return negative_errno(table.timerfd_create()); }

int signal_eventfd(int fd) noexcept {
  return retried([&] { return ::eventfd_write(fd, 1); });
}

int arm_timer(int fd, std::int64_t monotonic_ns) noexcept {
  itimerspec when{};
  when.it_value.tv_sec = monotonic_ns / 1'000'000'000;
  when.it_value.tv_nsec = monotonic_ns % 1'000'000'000;
  return negative_errno(::timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, nullptr));
}

int epoll_add(int epoll, int fd, std::uint32_t events, void* data) noexcept {
  epoll_event event{events, {.ptr = data}};
  return negative_errno(table.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int epoll_rearm(int epoll, int fd, std::uint32_t events, void* data) noexcept {
  epoll_event event{events, {.ptr = data}};
  return negative_errno(table.epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
}

int epoll_remove(int epoll, int fd) noexcept {
  return negative_errno(table.epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr));
}

int epoll_take(int epoll, epoll_event* events, int capacity) noexcept {
  return retried([&] { return ::epoll_wait(epoll, events, capacity, 0); });
}

int wait_readable(int fd, int timeout_ms) noexcept {
  pollfd watched{fd, POLLIN, 0};
  const int result = negative_errno(::poll(&watched, 1, timeout_ms));
  return result == -EINTR ? 0 : result;
}

int replace_descriptor(int fresh, int old) noexcept {
  const int result = retried([&] { return ::dup3(fresh, old, O_CLOEXEC); });
  ::close(fresh);
  return result;
}

int set_nonblocking(int fd) noexcept {
  const int flags = negative_errno(table.fcntl(fd, F_GETFL, 0));
  if (flags < 0 || (flags & O_NONBLOCK) != 0) return std::min(flags, 0);
  return set_status_flags(fd, flags | O_NONBLOCK);
}

int set_status_flags(int fd, int flags) noexcept {
  return negative_errno(table.fcntl(fd, F_SETFL, flags));
}

int set_close_on_exec(int fd) noexcept {
  return negative_errno(table.fcntl(fd, F_SETFD, FD_CLOEXEC));
}

bool is_terminal(int fd) noexcept { return ::isatty(fd) == 1; }

int is_appending(int fd) noexcept {
  const int flags = negative_errno(table.fcntl(fd, F_GETFL, 0));
  return flags < 0 ? flags : (flags & O_APPEND) != 0 ? 1 : 0;
}

std::int64_t position_of(int fd) noexcept {
  const off_t at = table.lseek(fd, 0, SEEK_CUR);
  return at < 0 ? -errno : at;
}

std::int64_t set_position_of(int fd, std::uint64_t position) noexcept {
  const off_t at = table.lseek(fd, static_cast<off_t>(position), SEEK_SET);
  return at < 0 ? -errno : at;
}

int fifo_has_writer(int fd, int scratch_pipe) noexcept {
  const ssize_t seen = retried([&] { return ::tee(fd, scratch_pipe, 1, SPLICE_F_NONBLOCK); });
  return seen == 0 ? 0 : 1;  // data, or EAGAIN: writers but nothing written yet
}

int make_pipe(int (&ends)[2]) noexcept {
  return negative_errno(::pipe2(ends, O_CLOEXEC | O_NONBLOCK));
}

std::int64_t ns_from_now(std::int64_t duration_ns) noexcept {
  std::int64_t then = 0;
  if (__builtin_add_overflow(now_ns(), std::max<std::int64_t>(duration_ns, 0), &then))
    return std::numeric_limits<std::int64_t>::max();
  return then;
}

std::int64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace ringfiles::sys
