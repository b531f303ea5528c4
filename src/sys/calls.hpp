// Every system call of the library, one thin wrapper each, all through one replaceable table.
//
// The wrappers return what the kernel would: a value of zero or more, or -errno. Interrupted calls
// (EINTR) are repeated here and nowhere else. Tests replace entries of the table to inject faults
// and to count calls; nothing else writes to it.
//
// SAFETY: wrappers are thread-safe. Replace entries while nothing is in flight.
#pragma once

#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "ringfiles/status.hpp"

struct io_uring_sqe;

namespace ringfiles::sys {

struct file_facts {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::uint32_t links = 0;
  mode_t mode = 0;           ///< type and permission bits
  std::int64_t seen_ns = 0;  ///< when this was so, if somebody cared (CLOCK_MONOTONIC)

  /// Neither a regular file nor a directory: may wait for somebody for ever.
  bool is_stream() const noexcept { return !S_ISREG(mode) && !S_ISDIR(mode); }
};

/// The same in public words.
file_status status_of(const file_facts& facts) noexcept;

/// The entries return like the system calls: -1 and errno.
struct call_table {
  long (*openat2)(const char* path, int flags, mode_t mode, std::uint64_t resolve);
  int (*open)(const char* path, int flags, mode_t mode);
  int (*close)(int fd);
  ssize_t (*preadv2)(int fd, const iovec* parts, int count, off_t offset, int flags);
  ssize_t (*pwritev2)(int fd, const iovec* parts, int count, off_t offset, int flags);
  int (*fsync)(int fd);
  int (*fdatasync)(int fd);
  int (*ftruncate)(int fd, off_t size);
  /// statx(2); `path` empty means the descriptor itself. `cached`: AT_STATX_DONT_SYNC.
  int (*statx)(int fd, const char* path, bool cached, file_facts* facts);
  int (*fstatfs)(int fd, long* magic);
  int (*rename)(const char* from, const char* to);
  int (*unlink)(const char* path);
  int (*flock)(int fd, int how);
  int (*fcntl)(int fd, int command, int flags);  ///< F_GETFL, F_SETFL, F_SETFD
  off_t (*lseek)(int fd, off_t offset, int from);
  int (*eventfd)();
  int (*epoll_create)();
  int (*timerfd_create)();
  int (*epoll_ctl)(int epoll, int command, int fd, epoll_event* event);
  /// Operations of a ring are no system calls: tests may change an entry before it is submitted.
  /// Null: nobody looks. Answers cannot be changed, because an operation that is said to have
  /// failed must not have happened; what may be put in its place is an entry that fails.
  void (*ring_entry)(::io_uring_sqe* prepared);
};

extern call_table table;
/// The kernel's own, to restore.
const call_table& kernel_table() noexcept;

inline constexpr std::uint64_t resolve_cached = 0x20;      // RESOLVE_CACHED, Linux 5.12
inline constexpr std::uint64_t resolve_same_mount = 0x01;  // RESOLVE_NO_XDEV, Linux 5.6
inline constexpr int nowait = 0x08;                        // RWF_NOWAIT, Linux 4.14

/// ENOSYS where the kernel has no openat2 (before 5.6, or filtered).
int open_resolving(const char* path, int flags, mode_t mode, std::uint64_t resolve) noexcept;
int open_file(const char* path, int flags, mode_t mode) noexcept;
/// Never repeated: on Linux the descriptor is gone even when close(2) says EINTR, which is
/// therefore success here.
int close_file(int fd) noexcept;
/// Has the disk begin with bytes that were written, and neither waits for it nor asks how it went:
/// an error stays for fsync(2) to tell.
void start_writeback(int fd, off_t offset, std::size_t bytes) noexcept;
/// Has the disk begin to read this part of a file (posix_fadvise(2)); does not wait for it.
void start_reading(int fd, off_t offset, std::size_t bytes) noexcept;
/// Has the kernel read twice as far ahead (posix_fadvise(2)); does not wait.
void expect_sequential(int fd) noexcept;

/// `offset` below zero: at the kernel's own position (pipes and the like).
std::int64_t read_parts(int fd, const iovec* parts, int count, off_t offset, int flags) noexcept;
std::int64_t write_parts(int fd, const iovec* parts, int count, off_t offset, int flags) noexcept;

int sync_file(int fd) noexcept;
int sync_file_data(int fd) noexcept;
int truncate_file(int fd, std::uint64_t size) noexcept;
/// Facts of an open descriptor. `cached`: never asks a server or a disk (for the loop's thread).
int facts_of(int fd, bool cached, file_facts& facts) noexcept;
int facts_at(const char* path, file_facts& facts) noexcept;
/// Of the directory in which the look-up of `path` begins: the root, or the working directory.
/// Never asks a server or a disk.
int start_of_path(const char* path, file_facts& facts) noexcept;
/// The magic number of the file system (statfs(2)); may ask a server.
int filesystem_of(int fd, long& magic) noexcept;
int rename_path(const char* from, const char* to) noexcept;
int unlink_path(const char* path) noexcept;

/// The lock of the whole file, as long as this description of it is open (flock(2)): 0, or
/// -EWOULDBLOCK when somebody has it; other errors where a file system has no locks.
int try_lock_file(int fd) noexcept;

/// The library's own descriptors; close-on-exec all.
int make_eventfd() noexcept;
int make_epoll() noexcept;
int make_timer() noexcept;
int signal_eventfd(int fd) noexcept;
int arm_timer(int fd, std::int64_t monotonic_ns) noexcept;  ///< absolute; 0 disarms
int epoll_add(int epoll, int fd, std::uint32_t events, void* data) noexcept;
int epoll_rearm(int epoll, int fd, std::uint32_t events, void* data) noexcept;
int epoll_remove(int epoll, int fd) noexcept;
int epoll_take(int epoll, epoll_event* events, int capacity) noexcept;  ///< does not wait
/// Readable within `timeout_ms` (below zero: no limit): 1, 0, or -errno. EINTR is 0.
int wait_readable(int fd, int timeout_ms) noexcept;
/// Puts `fresh` in the place of `old`, which keeps its number; closes `fresh`.
int replace_descriptor(int fresh, int old) noexcept;
int set_nonblocking(int fd) noexcept;
/// Has the descriptor be as if open(2) had been called with these flags (F_SETFL of fcntl(2)).
int set_status_flags(int fd, int flags) noexcept;
int set_close_on_exec(int fd) noexcept;
bool is_terminal(int fd) noexcept;
/// Opened with O_APPEND: 1 or 0, or -errno.
int is_appending(int fd) noexcept;
/// Where the descriptor itself stands; -ESPIPE where there is no such thing.
std::int64_t position_of(int fd) noexcept;
std::int64_t set_position_of(int fd, std::uint64_t position) noexcept;
/// 1: a FIFO open for reading has a writer or data; 0: it has none. Consumes nothing (tee(2)).
int fifo_has_writer(int fd, int scratch_pipe) noexcept;
int make_pipe(int (&ends)[2]) noexcept;
std::int64_t now_ns() noexcept;  ///< CLOCK_MONOTONIC
/// Later by that much (now, if it is below zero); the end of all time if that has no number.
std::int64_t ns_from_now(std::int64_t duration_ns) noexcept;

}  // namespace ringfiles::sys
