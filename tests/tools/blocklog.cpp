// blocklog: a disk that remembers in which order it was written, and that forgets on command.
//
//     blocklog IMAGE LOG MOUNT
//
// is a FUSE file system of two files and stays in the foreground until its standard input ends.
// MOUNT/disk is IMAGE with what was written since, which is held in memory: IMAGE itself is never
// changed. A loop device on it makes a block device of it. MOUNT/mark takes a line of words.
//
// LOG gets one record for each write, flush (fsync) and mark, in the order in which they reached
// this daemon, before they are answered: all that was answered when a flush came is in front of
// it. A record is three little-endian numbers of 8 bytes (kind: 0 write, 1 flush, 2 mark; offset;
// size) and `size` bytes.
//
// The mark "reset" is not logged: it forgets all that was written, so that MOUNT/disk is IMAGE as
// it is then. Discards and zeroing by fallocate are refused, the kernel then writes zeros.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>

#include "standard_input.hpp"

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

namespace {

enum record_kind : std::uint64_t { written = 0, flushed = 1, marked = 2 };

constexpr fuse_ino_t disk_number = 2;
constexpr fuse_ino_t mark_number = 3;
// The kernel may keep what it knows of names and sizes: nobody changes them.
constexpr double known_for_s = 3600;

// libfuse calls plain functions, all from one thread; they share the one disk of this process.
char* disk = nullptr;
std::size_t disk_bytes = 0;
int log_fd = -1;

bool write_all(const void* bytes, std::size_t size) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t put = ::write(log_fd, next, size);
    if (put <= 0) return false;
    next += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

bool log(record_kind kind, off_t offset, std::string_view bytes) {
  const std::array<std::uint64_t, 3> head{kind, static_cast<std::uint64_t>(offset), bytes.size()};
  return write_all(head.data(), sizeof head) && write_all(bytes.data(), bytes.size());
}

/// MAP_PRIVATE: writes make pages of our own, and dropping these brings the file's back.
bool map_image(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  struct stat facts{};
  if (fd < 0 || ::fstat(fd, &facts) != 0) return false;
  disk_bytes = static_cast<std::size_t>(facts.st_size);
  void* mapped =
      ::mmap(nullptr, disk_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
  ::close(fd);
  if (mapped == MAP_FAILED) return false;
  disk = static_cast<char*>(mapped);
  return true;
}

struct stat attributes_of(fuse_ino_t number) {
  struct stat facts{};
  facts.st_ino = number;
  facts.st_mode = number == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600;
  facts.st_nlink = 1;
  facts.st_size = number == disk_number ? static_cast<off_t>(disk_bytes) : 0;
  return facts;
}

void on_lookup(fuse_req_t request, fuse_ino_t, const char* name) {
  const std::string_view wanted = name;
  fuse_entry_param entry{};
  entry.ino = wanted == "disk" ? disk_number : wanted == "mark" ? mark_number : 0;
  if (entry.ino == 0) return void(::fuse_reply_err(request, ENOENT));
  entry.attr = attributes_of(entry.ino);
  entry.attr_timeout = entry.entry_timeout = known_for_s;
  ::fuse_reply_entry(request, &entry);
}

void on_getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
  const struct stat facts = attributes_of(number);
  ::fuse_reply_attr(request, &facts, known_for_s);
}

// Changes of times and modes, which mean nothing here.
void on_setattr(fuse_req_t request, fuse_ino_t number, struct stat*, int, fuse_file_info* info) {
  on_getattr(request, number, info);
}

void on_open(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  info->direct_io = 1;  // the page cache of the kernel would survive a reset
  ::fuse_reply_open(request, info);
}

void on_read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
             fuse_file_info*) {
  const std::size_t start = std::min(static_cast<std::size_t>(offset), disk_bytes);
  const std::size_t count = number == disk_number ? std::min(size, disk_bytes - start) : 0;
  ::fuse_reply_buf(request, disk + start, count);
}

void write_disk(fuse_req_t request, std::string_view bytes, off_t offset) {
  const auto start = static_cast<std::size_t>(offset);
  if (start > disk_bytes || bytes.size() > disk_bytes - start)
    return void(::fuse_reply_err(request, ENOSPC));
  if (!log(written, offset, bytes)) return void(::fuse_reply_err(request, EIO));
  std::memcpy(disk + start, bytes.data(), bytes.size());
  ::fuse_reply_write(request, bytes.size());
}

void write_mark(fuse_req_t request, std::string_view words) {
  const bool good =
      words == "reset" ? ::madvise(disk, disk_bytes, MADV_DONTNEED) == 0 : log(marked, 0, words);
  if (!good) return void(::fuse_reply_err(request, EIO));
  ::fuse_reply_write(request, words.size());
}

void on_write(fuse_req_t request, fuse_ino_t number, const char* data, std::size_t size,
              off_t offset, fuse_file_info*) {
  if (number == disk_number)
    write_disk(request, {data, size}, offset);
  else
    write_mark(request, {data, size});
}

void on_fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
  ::fuse_reply_err(request, log(flushed, 0, {}) ? 0 : EIO);
}

void on_fallocate(fuse_req_t request, fuse_ino_t, int, off_t, off_t, fuse_file_info*) {
  ::fuse_reply_err(request, EOPNOTSUPP);
}

constexpr fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops ops{};
  ops.lookup = on_lookup;
  ops.getattr = on_getattr;
  ops.setattr = on_setattr;
  ops.open = on_open;
  ops.read = on_read;
  ops.write = on_write;
  ops.fsync = on_fsync;
  ops.fallocate = on_fallocate;
  return ops;
}

int serve(const char* mount) {
  const char* words[] = {"blocklog", "-ofsname=blocklog"};
  fuse_args args = FUSE_ARGS_INIT(2, const_cast<char**>(words));
  const fuse_lowlevel_ops operations = make_operations();
  fuse_session* session = ::fuse_session_new(&args, &operations, sizeof operations, nullptr);
  ::fuse_opt_free_args(&args);
  if (session == nullptr) return 1;
  int status = 1;
  if (::fuse_set_signal_handlers(session) == 0 && ::fuse_session_mount(session, mount) == 0) {
    ringfiles::tools::start_without_signals(
        [] { std::thread(ringfiles::tools::end_with_standard_input).detach(); });
    status = ::fuse_session_loop(session) < 0 ? 1 : 0;  // one thread: an order that is one
    ::fuse_session_unmount(session);
  }
  ::fuse_remove_signal_handlers(session);
  ::fuse_session_destroy(session);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: blocklog IMAGE LOG MOUNT\n");
    return 2;
  }
  log_fd = ::open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log_fd < 0 || !map_image(argv[1])) {
    std::perror("blocklog");
    return 1;
  }
  return serve(argv[3]);
}
