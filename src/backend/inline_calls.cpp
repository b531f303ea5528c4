#include "backend/inline_calls.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "backend/backend.hpp"
#include "backend/device.hpp"
#include "backend/parts.hpp"
#include "sys/calls.hpp"

namespace ringfiles::backend {
namespace {

bool refuses_flag(std::int64_t result) noexcept {
  return result == -EOPNOTSUPP || result == -EINVAL || result == -ENOSYS;
}

/// Streams are opened non-blocking: a plain call answers EAGAIN, which is `would_wait`.
std::int64_t stream_inline(const request& wanted, const part_window& window) noexcept {
  return wanted.code == opcode::read
             ? sys::read_parts(wanted.fd, window.parts, window.count, -1, 0)
             : sys::write_parts(wanted.fd, window.parts, window.count, -1, 0);
}

std::int64_t read_inline(const request& wanted) noexcept {
  const device& on = *wanted.on;
  std::array<iovec, max_inline_parts> storage;
  const part_window window = remaining_parts(wanted, storage);
  if (on.kind == device_kind::stream) return stream_inline(wanted, window);
  if (!on.inline_reads()) return would_wait;
  const auto offset = static_cast<off_t>(wanted.offset + wanted.moved);
  // Files in memory know no RWF_NOWAIT (tmpfs: EOPNOTSUPP before 6.x) but cannot wait either.
  const int flags = on.kind == device_kind::memory ? 0 : sys::nowait;
  const auto result = sys::read_parts(wanted.fd, window.parts, window.count, offset, flags);
  if (flags != 0 && refuses_flag(result)) {
    // EINVAL may also come from a bad offset; the pool then finds the true answer.
    if (result == -EOPNOTSUPP) on.nowait_reads.store(false, std::memory_order_relaxed);
    return would_wait;
  }
  return result;
}

std::int64_t write_inline(const request& wanted) noexcept {
  const device& on = *wanted.on;
  std::array<iovec, max_inline_parts> storage;
  const part_window window = remaining_parts(wanted, storage);
  if (on.kind == device_kind::stream) return stream_inline(wanted, window);
  if (!on.inline_writes() || (wanted.flags & O_APPEND) != 0) return would_wait;
  const auto offset = static_cast<off_t>(wanted.offset + wanted.moved);
  const int flags = on.kind == device_kind::memory ? 0 : sys::nowait;
  const auto result = sys::write_parts(wanted.fd, window.parts, window.count, offset, flags);
  if (flags != 0 && refuses_flag(result)) {
    // ext4 answers EOPNOTSUPP for buffered writes (6.18): one wasted call per device, ever.
    if (result == -EOPNOTSUPP) on.nowait_writes.store(false, std::memory_order_relaxed);
    return would_wait;
  }
  return result;
}

/// The size is in the inode of a local file; for others, somebody else may have to be asked.
std::int64_t size_inline(const request& wanted) noexcept {
  if (wanted.on->kind != device_kind::local && wanted.on->kind != device_kind::memory)
    return would_wait;
  sys::file_facts facts;
  const int failed = sys::facts_of(wanted.fd, true, facts);
  return failed < 0 ? failed : static_cast<std::int64_t>(facts.size);
}

/// True when an open of a regular file on it can neither wait nor have a side effect elsewhere.
bool opens_at_once(std::uint64_t id) noexcept {
  const device* on = known_device(id);
  return on != nullptr && on->kind != device_kind::remote && on->kind != device_kind::stream;
}

bool opens_at_once(const sys::file_facts& facts) noexcept {
  return !facts.is_stream() && opens_at_once(facts.device);
}

/// Whether the path begins, at the root or the working directory, on such a device. The root is
/// looked at again after a while only: hardly a process changes it.
bool begins_where_opens_are_quick(const char* path, std::int64_t now) noexcept {
  constexpr std::int64_t valid_ns = 10'000'000;
  thread_local constinit std::int64_t quick_until_ns = 0;
  const bool from_root = *path == '/';
  if (from_root && now < quick_until_ns) return true;
  sys::file_facts start;
  if (sys::start_of_path(path, start) < 0 || !opens_at_once(start.device)) return false;
  if (from_root) quick_until_ns = now + valid_ns;
  return true;
}

/// However fast somebody writes to it, it has some MiB at the most by now, which are freed soon.
bool was_small_just_now(const sys::file_facts& facts) noexcept {
  constexpr std::uint64_t small_bytes = 1 << 20;
  constexpr std::int64_t just_now_ns = 1'000'000;
  return facts.seen_ns != 0 && facts.size <= small_bytes &&
         sys::now_ns() - facts.seen_ns < just_now_ns;
}

bool knows_no_such_lookup(std::int64_t failed) noexcept {
  return failed == -EAGAIN || failed == -ENOSYS || failed == -EPERM || failed == -EINVAL;
}

std::int64_t opened_or_closed(request& wanted, int fd, bool good) noexcept {
  if (good) {
    wanted.flags |= O_NONBLOCK;
    return fd;
  }
  sys::close_file(fd);
  return would_wait;
}

// O_PATH looks the path up without opening anything; only when the end of it is a regular file on a
// device known to be harmless is it opened. Should the path be replaced in between, O_NONBLOCK
// keeps a FIFO from holding the loop, and the facts of what was really opened are compared.
std::int64_t open_looked_up(request& wanted) noexcept {
  const int found = sys::open_resolving(wanted.path, O_PATH, 0, sys::resolve_cached);
  if (knows_no_such_lookup(found)) return would_wait;
  if (found < 0) return found;
  sys::file_facts before;
  const int known = sys::facts_of(found, true, before);
  sys::close_file(found);
  if (known < 0 || !opens_at_once(before)) return would_wait;

  const int fd =
      sys::open_resolving(wanted.path, wanted.flags | O_NONBLOCK, 0, sys::resolve_cached);
  if (fd < 0) return fd == -ENXIO || fd == -EAGAIN ? would_wait : fd;
  const sys::file_facts& after = *wanted.facts;
  const bool same = sys::facts_of(fd, true, *wanted.facts) == 0 && after.device == before.device &&
                    after.inode == before.inode;
  return opened_or_closed(wanted, fd, same);
}

}  // namespace

// An open(2) can wait in the file system (FUSE, NFS) or for a FIFO's other end even when the path
// is cached. Where the path begins on a harmless device and stays on that mount (RESOLVE_NO_XDEV),
// one call is enough, and O_NONBLOCK keeps FIFOs from waiting; elsewhere it is looked up first.
std::int64_t open_inline(request& wanted) noexcept {
  if ((wanted.flags & (O_CREAT | O_TRUNC)) != 0) return would_wait;
  const std::int64_t now = wanted.facts->seen_ns = sys::now_ns();
  if (!begins_where_opens_are_quick(wanted.path, now)) return open_looked_up(wanted);
  const int fd = sys::open_resolving(wanted.path, wanted.flags | O_NONBLOCK, 0,
                                     sys::resolve_cached | sys::resolve_same_mount);
  if (fd == -EXDEV) return open_looked_up(wanted);
  if (knows_no_such_lookup(fd) || fd == -ENXIO) return would_wait;
  if (fd < 0) return fd;
  return opened_or_closed(wanted, fd, sys::facts_of(fd, true, *wanted.facts) == 0);
}

// A descriptor that was written to may allocate blocks or talk to a server on close, and the last
// close of a deleted file frees its blocks, which takes seconds for a large one: these go to the
// pool. statx(2) of a local file is answered from the inode in memory, but not for nothing.
std::int64_t close_inline(const request& wanted) noexcept {
  const device& on = *wanted.on;
  const bool harmless = on.kind == device_kind::local || on.kind == device_kind::memory ||
                        on.kind == device_kind::kernel;
  if (!harmless) return would_wait;
  if (on.kind == device_kind::local) {
    if ((wanted.flags & O_ACCMODE) != O_RDONLY) return would_wait;
    if (!was_small_just_now(*wanted.facts)) {
      sys::file_facts facts;
      if (sys::facts_of(wanted.fd, true, facts) != 0 || facts.links == 0) return would_wait;
    }
  }
  const int result = sys::close_file(wanted.fd);
  return result == would_wait ? -EIO : result;  // it is closed, and must not be closed again
}

std::int64_t call_inline(request& wanted) noexcept {
  switch (wanted.code) {
    case opcode::read:
      return read_inline(wanted);
    case opcode::write:
      return write_inline(wanted);
    case opcode::open:
      return open_inline(wanted);
    case opcode::close:
      return close_inline(wanted);
    case opcode::truncate:
      return wanted.on->kind == device_kind::memory ? sys::truncate_file(wanted.fd, wanted.offset)
                                                    : would_wait;
    case opcode::sync:
    case opcode::sync_data:
      return wanted.on->kind == device_kind::memory ? sys::sync_file(wanted.fd) : would_wait;
    case opcode::size:
      return size_inline(wanted);
    case opcode::job:
      return would_wait;
  }
  return would_wait;
}

}  // namespace ringfiles::backend
