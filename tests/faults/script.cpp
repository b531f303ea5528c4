#include "faults/script.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include "backend/device.hpp"
#include "sys/calls.hpp"

namespace ringfiles::faults {
namespace {

// Threads of the pool read it while it is played, and it is changed while they have nothing to do.
fault played;
place seeming = place::memory;
std::uint64_t seeming_device = 0;
std::atomic<std::size_t> made{0};
std::atomic<std::size_t> hits{0};
std::atomic<std::size_t> syncs{0};

constexpr std::uint64_t first_device = 0xfa000000'00000000;
constexpr long ext4_magic = 0xef53;
constexpr long tmpfs_magic = 0x01021994;
constexpr std::uint32_t nop_with_result = 1;  // IORING_NOP_INJECT_RESULT

const sys::call_table& kernel() noexcept { return sys::kernel_table(); }

/// What this call is to suffer, if it is the one, or one of those.
std::optional<harm> harm_of(call which) noexcept {
  if (played.first == 0 || which != played.where) return std::nullopt;
  const std::size_t number = ++made;
  if (number < played.first || number - played.first >= played.count) return std::nullopt;
  if (played.how != harm::stops) return played.how;
  return number == played.first ? harm::cut : harm::fails;
}

bool fails(call which) noexcept {
  if (!harm_of(which)) return false;
  ++hits;
  errno = played.number;
  return true;
}

std::size_t shortened(std::size_t asked) noexcept {
  const std::size_t most = played.most == 0 ? (asked + 1) / 2 : played.most;
  if (most < asked) ++hits;
  return std::min(most, asked);
}

/// One part of what was asked for, as short as the fault wants it.
iovec shortened(const iovec* parts) noexcept {
  return {parts->iov_base, shortened(parts->iov_len)};
}

ssize_t read_now(int fd, const iovec* parts, int count, off_t at, int flags) noexcept {
  if (flags == 0 || seeming == place::memory) return kernel().preadv2(fd, parts, count, at, flags);
  if (seeming == place::cold) return errno = EAGAIN, ssize_t{-1};
  return kernel().preadv2(fd, parts, count, at, flags & ~sys::nowait);
}

ssize_t play_read(int fd, const iovec* parts, int count, off_t at, int flags) {
  const auto suffers = harm_of(call::preadv2);
  if (!suffers) return read_now(fd, parts, count, at, flags);
  if (suffers == harm::fails) return ++hits, errno = played.number, ssize_t{-1};
  const iovec part = shortened(parts);
  return read_now(fd, &part, 1, at, flags);
}

/// As ext4 does, which knows no writes that do not wait.
ssize_t write_now(int fd, const iovec* parts, int count, off_t at, int flags) noexcept {
  if (flags != 0) return errno = EOPNOTSUPP, ssize_t{-1};
  return kernel().pwritev2(fd, parts, count, at, flags);
}

ssize_t play_write(int fd, const iovec* parts, int count, off_t at, int flags) {
  const auto suffers = harm_of(call::pwritev2);
  if (!suffers) return write_now(fd, parts, count, at, flags);
  if (suffers == harm::fails) return ++hits, errno = played.number, ssize_t{-1};
  if (suffers == harm::moves_nothing) return ++hits, ssize_t{0};
  const iovec part = shortened(parts);
  return write_now(fd, &part, 1, at, flags);
}

int play_close(int fd) {
  const int result = kernel().close(fd);
  return fails(call::close) ? -1 : result;
}

template <class Sync>
int play_sync(call which, Sync sync) {
  if (fails(which)) return -1;
  const int result = sync();
  if (result == 0) ++syncs;
  return result;
}

int play_statx(int fd, const char* path, bool cached, sys::file_facts* facts) {
  if (fails(call::statx)) return -1;
  const int result = kernel().statx(fd, path, cached, facts);
  if (result == 0) facts->device = seeming_device;
  return result;
}

int play_fstatfs(int, long* magic) {
  if (fails(call::fstatfs)) return -1;
  *magic = seeming == place::memory ? tmpfs_magic : ext4_magic;
  return 0;
}

void fail_in_kernel(::io_uring_sqe& entry) noexcept {
  const std::uint64_t data = entry.user_data;
  entry = {};
  entry.opcode = IORING_OP_NOP;
  entry.rw_flags = nop_with_result;
  entry.len = static_cast<std::uint32_t>(-played.number);
  entry.user_data = data;
}

void play_entry(::io_uring_sqe* entry) {
  const call which = entry->opcode == IORING_OP_FSYNC ? call::ring_sync : call::ring_read;
  const auto suffers = harm_of(which);
  if (!suffers) {
    if (which == call::ring_sync) ++syncs;
  } else if (suffers == harm::cut) {
    entry->len = static_cast<std::uint32_t>(shortened(entry->len));
  } else {
    ++hits;
    fail_in_kernel(*entry);
  }
}

void fill_table(sys::call_table& table) {
  table.openat2 = [](const char* path, int flags, mode_t mode, std::uint64_t resolve) {
    return fails(call::openat2) ? -1L : kernel().openat2(path, flags, mode, resolve);
  };
  table.open = [](const char* path, int flags, mode_t mode) {
    return fails(call::open) ? -1 : kernel().open(path, flags, mode);
  };
  table.close = play_close;
  table.preadv2 = play_read;
  table.pwritev2 = play_write;
  table.fsync = [](int fd) { return play_sync(call::fsync, [&] { return kernel().fsync(fd); }); };
  table.fdatasync = [](int fd) {
    return play_sync(call::fdatasync, [&] { return kernel().fdatasync(fd); });
  };
  table.ftruncate = [](int fd, off_t size) {
    return fails(call::ftruncate) ? -1 : kernel().ftruncate(fd, size);
  };
  table.statx = play_statx;
  table.fstatfs = play_fstatfs;
  table.rename = [](const char* from, const char* to) {
    return fails(call::rename) ? -1 : kernel().rename(from, to);
  };
  table.unlink = [](const char* path) { return fails(call::unlink) ? -1 : kernel().unlink(path); };
  table.flock = [](int fd, int how) { return fails(call::flock) ? -1 : kernel().flock(fd, how); };
  table.fcntl = [](int fd, int command, int flags) {
    return fails(call::fcntl) ? -1 : kernel().fcntl(fd, command, flags);
  };
  table.lseek = [](int fd, off_t offset, int from) {
    return fails(call::lseek) ? off_t{-1} : kernel().lseek(fd, offset, from);
  };
  table.ring_entry = play_entry;
}

/// What the library has learnt of the device by earlier faults.
void forget_refusals() noexcept {
  const backend::device* known = backend::known_device(seeming_device);
  if (known == nullptr) return;
  known->nowait_reads = known->nowait_writes = true;
  known->ring_reads = known->ring_writes = known->ring_syncs = true;
}

}  // namespace

void play(const fault& injected, place where) {
  static std::uint64_t devices = first_device + 16;
  played = injected;
  seeming = where;
  // The library asks once for each device what it is.
  const bool unknown = injected.first > 0 && injected.where == call::fstatfs;
  seeming_device = unknown ? devices++ : first_device + static_cast<std::uint64_t>(where);
  forget_refusals();
  made = hits = 0;
  syncs = 0;
  fill_table(sys::table);
}

namespace {

int mirror_control = -1;

std::size_t number_after(const std::string& text, const char* word) {
  const std::size_t at = text.find(word);
  return at == std::string::npos ? 0 : std::stoul(text.substr(at + std::strlen(word)));
}

void tell_mirror(const std::string& script) {
  const ssize_t told = ::write(mirror_control, script.data(), script.size());
  EXPECT_EQ(told, static_cast<ssize_t>(script.size())) << script;
}

/// Its counters of the one rule that it has.
void ask_mirror() {
  if (mirror_control < 0) return;
  std::string status(1 << 12, '\0');
  const ssize_t count = ::pread(mirror_control, status.data(), status.size(), 0);
  status.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  made = number_after(status, "seen=");
  hits = number_after(status, "hit=");
}

}  // namespace

void play_in_mirror(const fault& injected, place where, int control, const char* operation) {
  play({}, where);
  mirror_control = control;
  if (injected.first == 0) return;
  const std::string action = injected.how == harm::cut ? "short=" + std::to_string(injected.most)
                                                       : std::to_string(injected.number);
  const std::size_t last = std::min(for_ever, injected.first + injected.count - 1);
  tell_mirror(std::string("clear\n") + operation + " " + action + " " +
              std::to_string(injected.first) + " " + std::to_string(last));
}

void stop_playing() {
  sys::table = kernel();
  if (mirror_control < 0) return;
  ask_mirror();
  tell_mirror("clear");
  mirror_control = -1;
}

std::size_t calls_made() noexcept { return ask_mirror(), made.load(); }
std::size_t harmed() noexcept { return ask_mirror(), hits.load(); }
std::size_t real_syncs() noexcept { return syncs; }

}  // namespace ringfiles::faults
