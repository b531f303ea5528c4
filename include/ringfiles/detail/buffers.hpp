// For doors: what a file's own buffers can serve, without making a call.
//
// Rung 0 of the ladder: a line that is at hand costs less than the call that would ask for it. All
// of this does nothing, and says so, while calls are queued on the file (they come first) or while
// the turn's inline budget is spent (the neighbours do): then make a call.
//
// SAFETY: for files of an engine that is not `concurrent`, on one thread at a time, and no longer
// than there is the `file`. Views are valid until its next use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ringfiles/file.hpp"
#include "ringfiles/lines.hpp"

namespace ringfiles::detail {

class file_buffers {
 public:
  file_buffers() noexcept = default;
  explicit file_buffers(const file& of) noexcept;

  /// Bytes at the position that are in memory; perhaps none.
  std::string_view readable() const noexcept;
  /// Reads more of them from the page cache. False: none came; a call finds out why.
  bool fetch() noexcept;
  /// Of the first `most` of these, or more if a line is longer, the whole lines: without an owner,
  /// so not to be kept.
  lines whole_lines(newline mode, std::size_t most) const noexcept;
  /// Bytes of readable() were delivered, by so many reads.
  void consume(std::size_t bytes, std::size_t reads = 1) noexcept;
  /// Has the next read see the file as it will be then. Streams keep what they have.
  void forget() noexcept;
  /// Takes all of `bytes` as a write would, or nothing.
  bool write(std::string_view bytes);
  /// Where the next read or write will be; nothing while calls are queued.
  std::optional<std::uint64_t> position() const noexcept;
  /// False: the turn has lasted long enough. Reads the clock.
  bool may_go_on() const noexcept;
  /// `open_options::buffer_bytes`.
  std::size_t chosen_bytes() const noexcept;

  /// The kernel puts at the end what is written.
  bool appends() const noexcept;

  // ---- From within source::next() of a write_from() on this file, whose call has the queue ----
  /// Takes `bytes` as a portion. False: ask again after a turn of the engine.
  bool write_within(std::string_view bytes);
  /// Whether all that was taken is in the file; `position` is behind it. False: ask again after a
  /// turn of the engine. ERRORS: what a write met.
  bool settle_within(std::uint64_t& position);

  /// For a descriptor that others use as well (a child process, lseek(2)): moves its own position
  /// to where the file is. Nothing while calls are queued or bytes are to be written.
  void share_position() noexcept;
  /// Goes where others have moved it since then. Below zero: -errno of a descriptor that is gone.
  int follow_position() noexcept;

 private:
  bool is_free() const noexcept;
  bool may_read() const noexcept;
  bool is_settled() const noexcept;
  file_state* state_ = nullptr;
  std::int64_t shared_at_ = -1;  ///< where share_position() left it
};

/// As file::seek(), behind which a file is read anew though its bytes are at hand: a text over it.
operation<std::uint64_t> seek_anew(file& in, std::int64_t offset, whence from);

}  // namespace ringfiles::detail
