// What an engine did, counted by the rung of the ladder that served it.
//
// A test can assert "this read was served inline"; a user can see why something is slow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringfiles {

/// Cheapest first. An operation counts once, at the rung that finished it.
enum class rung : std::size_t {
  buffer,   ///< the file's own buffer: a memory copy
  inlined,  ///< a system call on the loop's thread that cannot block (RWF_NOWAIT and the like)
  ring,     ///< io_uring
  pool,     ///< a pool thread
  poll,     ///< waiting until a pipe, FIFO or terminal is ready
  memory,   ///< the memory back end
};
inline constexpr std::size_t rung_count = 6;

struct statistics {
  /// Operations finished, by rung.
  std::array<std::uint64_t, rung_count> served{};
  std::uint64_t operator[](rung which) const noexcept {
    return served[static_cast<std::size_t>(which)];
  }

  std::uint64_t inline_misses = 0;   ///< inline attempts that would have blocked
  std::uint64_t ring_fallbacks = 0;  ///< operations that the ring refused and the pool took
  std::uint64_t ring_submits = 0;    ///< io_uring_enter calls that submitted
  std::uint64_t turns = 0;           ///< calls of run_completions()
  std::uint64_t yields = 0;          ///< times the inline budget of a turn was spent
  std::uint64_t cancelled = 0;       ///< calls that ended by cancellation or deadline
  std::uint64_t longest_turn_ns =
      0;                         ///< longest that one turn, with what it resumed, held the loop
  std::size_t in_flight = 0;     ///< operations that a back end holds now
  std::size_t parked = 0;        ///< of these, the ones whose caller was already told "over"
  std::size_t parked_bytes = 0;  ///< buffer bytes held for parked operations
};

}  // namespace ringfiles
