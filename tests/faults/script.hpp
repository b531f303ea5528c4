// One fault, written into the table of system calls: the n-th call of a kind, or each from the n-th
// on, fails, moves less than it was asked for, or nothing.
//
// A call that is to fail is not made, so that what its caller is told is the truth; close(2) alone
// is made, since Linux frees the descriptor whatever it answers. An operation of a ring that is to
// fail becomes a NOP that the kernel completes with this errno (IORING_NOP_INJECT_RESULT, Linux
// 6.11); one that is to move less is submitted with a shorter length.
//
// Also written there is where files seem to be, so that each rung of the ladder is tried on any
// disk: on a memory file system, cached on a disk, or cold on one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ringfiles::faults {

enum class call : std::uint8_t {
  openat2,
  open,
  close,
  preadv2,
  pwritev2,
  fsync,
  fdatasync,
  ftruncate,
  statx,
  fstatfs,
  rename,
  unlink,
  flock,
  fcntl,
  lseek,
  ring_read,  ///< a read that a ring serves
  ring_sync,  ///< the same of fsync(2) and fdatasync(2)
};
inline constexpr std::size_t call_count = static_cast<std::size_t>(call::ring_sync) + 1;
const char* to_string(call which) noexcept;
/// What its page of the manual lists, in Debian's man-pages 6.03; told beside each list.
std::span<const int> errors_of(call which) noexcept;
/// Interrupted, it is made again and nobody hears of it.
bool is_repeated(call which) noexcept;

enum class harm : std::uint8_t {
  fails,  ///< with `number`
  cut,    ///< moves at most `most` bytes; 0: half of them
  stops,  ///< the first is cut, what comes after it fails with `number`: a disk that gets full
  moves_nothing,
};

inline constexpr std::size_t for_ever = 1'000'000'000;

struct fault {
  call where = call::openat2;
  harm how = harm::fails;
  int number = 0;
  std::size_t most = 0;
  std::size_t first = 0;  ///< 1 is the first call; 0: no fault
  std::size_t count = 1;
};
std::string name_of(const fault& one);

/// Where files seem to be.
enum class place : std::uint8_t {
  memory,  ///< calls are made on the loop's thread
  cached,  ///< reads find their pages; writes and the rest go to the pool
  cold,    ///< reads go to the pool, or the ring
};
const char* to_string(place where) noexcept;

/// Puts the fault into the table. REQUIRES: nothing is in flight.
void play(const fault& injected, place where);
/// Has a mirror (tests/tools/faultfs) fail instead, whose control file this is, where it is asked
/// for `operation`: then the kernel itself, or a ring, says so.
void play_in_mirror(const fault& injected, place where, int control, const char* operation);
/// Puts the kernel's calls back.
void stop_playing();

/// Of the fault that is, or was, played: how often that call was made, and harmed.
std::size_t calls_made() noexcept;
std::size_t harmed() noexcept;
/// Syncs that really were made, by a system call or a ring.
std::size_t real_syncs() noexcept;

}  // namespace ringfiles::faults
