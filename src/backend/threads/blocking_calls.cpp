#include "backend/threads/blocking_calls.hpp"

#include <fcntl.h>
#include <sched.h>

#include <array>
#include <cerrno>

#include "backend/device.hpp"
#include "backend/parts.hpp"
#include "sys/calls.hpp"

namespace ringfiles::backend {
namespace {

/// Some file systems answer EAGAIN without having been asked not to wait (XFS). A regular file is
/// always ready, so asking again is right; a bound keeps a broken one from spinning for ever.
constexpr int spurious_refusals = 100;

void transfer(request& wanted) noexcept {
  int refusals = 0;
  for (;;) {
    if (wanted.cancel_asked.load(std::memory_order_relaxed) && wanted.code == opcode::read) {
      wanted.result = -ECANCELED;
      return;
    }
    std::array<iovec, max_inline_parts> storage;
    const part_window window = remaining_parts(wanted, storage);
    const off_t offset =
        wanted.offset == no_offset ? -1 : static_cast<off_t>(wanted.offset + wanted.moved);
    const auto answer = wanted.code == opcode::read
                            ? sys::read_parts(wanted.fd, window.parts, window.count, offset, 0)
                            : sys::write_parts(wanted.fd, window.parts, window.count, offset, 0);
    if (answer == -EAGAIN && wanted.offset != no_offset && ++refusals < spurious_refusals) {
      ::sched_yield();
      continue;
    }
    if (!account_transfer(wanted, answer)) continue;
    if (wanted.start_writeback && wanted.result > 0)
      sys::start_writeback(wanted.fd, static_cast<off_t>(wanted.offset), wanted.moved);
    return;
  }
}

/// Who opens a small file for reading reads it, as a rule, and one whose name was not cached is
/// cold: its disk works while the loop hears of the open, whose read then finds it in memory.
void expect_reading(const request& wanted, int fd) noexcept {
  constexpr std::uint64_t small_bytes = 64 * 1024;
  if ((wanted.flags & O_ACCMODE) == O_RDONLY && wanted.facts->size <= small_bytes)
    sys::start_reading(fd, 0, wanted.facts->size);
}

/// What open_call needs to know of the new descriptor, asked for here because it may wait.
void inspect(request& wanted, int fd) noexcept {
  if (const int failed = sys::facts_of(fd, false, *wanted.facts); failed < 0) {
    sys::close_file(fd);
    wanted.result = failed;
    return;
  }
  // Pipes, terminals and the like stay non-blocking: they are read when poll says so.
  if (!wanted.facts->is_stream()) {
    const device& on = learn_device(fd, wanted.facts->device);
    if (on.kind == device_kind::local) expect_reading(wanted, fd);
    sys::set_status_flags(fd, wanted.flags);
  }
  wanted.result = fd;
}

// With O_NONBLOCK no open waits for the other end of a FIFO, so that it holds no thread: open_call
// waits for the other end without one. EAGAIN means a lease is being broken; then waiting is right.
void open_blocking(request& wanted) noexcept {
  int fd = sys::open_file(wanted.path, wanted.flags | O_NONBLOCK, wanted.permissions);
  if (fd == -EAGAIN) fd = sys::open_file(wanted.path, wanted.flags, wanted.permissions);
  if (fd < 0) {
    wanted.result = fd;
    if (fd == -ENXIO && sys::facts_at(wanted.path, *wanted.facts) < 0) wanted.facts->mode = 0;
    return;
  }
  inspect(wanted, fd);
}

std::int64_t size_of(int fd) noexcept {
  sys::file_facts facts;
  const int failed = sys::facts_of(fd, false, facts);
  return failed < 0 ? failed : static_cast<std::int64_t>(facts.size);
}

}  // namespace

void call_blocking(request& wanted) noexcept {
  switch (wanted.code) {
    case opcode::read:
    case opcode::write:
      return transfer(wanted);
    case opcode::open:
      return open_blocking(wanted);
    case opcode::close:
      wanted.result = sys::close_file(wanted.fd);
      return;
    case opcode::sync:
      wanted.result = sys::sync_file(wanted.fd);
      return;
    case opcode::sync_data:
      wanted.result = sys::sync_file_data(wanted.fd);
      return;
    case opcode::truncate:
      wanted.result = sys::truncate_file(wanted.fd, wanted.offset);
      return;
    case opcode::size:
      wanted.result = size_of(wanted.fd);
      return;
    case opcode::job:
      wanted.run(wanted);
      return;
  }
}

}  // namespace ringfiles::backend
