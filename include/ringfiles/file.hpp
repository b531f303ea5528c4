// A file that never makes its event loop wait; apart from the co_await it is Python's open().
//
//   auto file = co_await ringfiles::open("server.log");   // "r": text, UTF-8, universal newlines
//   while (auto line = co_await file.readline())          // std::optional<std::string>
//     …
//   while (auto batch = co_await file.next_lines())       // one await per buffer: faster
//     for (std::string_view line : *batch) …
//
// Order: calls that use the file's position (read, write, seek, tell, flush, truncate, close …)
// happen in the order in which they were made: a queue per file. read_at and write_at have no
// position and run concurrently, as many as you like. flush, sync, truncate and close wait for
// everything before them on this file.
// Cancellation: a cancelled read consumes nothing. A cancelled write either did not happen, or, if
// it had begun, happens whole; its error is then reported by the next write, flush or close.
// Buffers: memory of the caller is only touched before the co_await suspends or when it resumes.
// Durability: write() and close() do not sync. A failed sync is final for that file: the kernel
// reports it once, so this file repeats it for ever (reopen to try again).
//
// ERRORS: ringfiles::error with operation, path and errno; errc::closed after close;
// errc::engine_ended, at once, from all but close() when the file's engine is gone.
// SAFETY: one thread at a time per file; distinct files are independent.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringfiles/encoding.hpp"
#include "ringfiles/lines.hpp"
#include "ringfiles/newline.hpp"
#include "ringfiles/operation.hpp"
#include "ringfiles/status.hpp"

namespace ringfiles {

class engine;
class file;
namespace detail {
class file_state;
}

/// No limit: read to the end.
inline constexpr std::size_t all = static_cast<std::size_t>(-1);

enum class whence { start, current, end };

/// When written bytes go to the kernel, and whether more is read than was asked for: `buffering` of
/// Python's open().
///
/// | value     | Python   | writing                                | reading                      |
/// |-----------|----------|----------------------------------------|------------------------------|
/// | automatic | -1, n    | when a block is full; at flush, close  | ahead, a chunk at a time     |
/// | none      | 0        | before the write ends; binary only     | no byte more than asked for  |
/// | lines     | 1        | before a write with a line end ends    | ahead                        |
///
/// `automatic` is `lines` for text written to a terminal, and `lines` is `automatic` for bytes.
/// With `none` a limited read of a pipe, or readinto(), is one read(2) and may be short.
/// With `lines` a write that fails leaves its text in the buffer, as a failed flush() does.
enum class buffering { automatic, none, lines };

struct open_options {
  ringfiles::newline newline = ringfiles::newline::universal;  ///< text mode only
  unsigned permissions = 0666;                                 ///< for new files, less the umask
  std::size_t buffer_bytes = 0;              ///< 0: chosen and grown by the library
  ringfiles::encoding encoding = {};         ///< text mode only
  text_errors errors = text_errors::strict;  ///< text mode only
  ringfiles::buffering buffering = ringfiles::buffering::automatic;
  /// When the process may have no more descriptors (EMFILE, ENFILE): how long to wait for another
  /// file of the same engine to be closed. Begins anew whenever one is; fails at once if none is
  /// open. The default fails at once.
  std::chrono::nanoseconds wait_for_descriptor{0};
};

struct adopt_options {
  std::string path = {};         ///< what errors call it
  bool close_descriptor = true;  ///< close() closes the descriptor, too
  std::size_t buffer_bytes = 0;  ///< as in open_options
  ringfiles::newline newline = ringfiles::newline::universal;  ///< text mode only
  ringfiles::encoding encoding = {};                           ///< text mode only
  text_errors errors = text_errors::strict;                    ///< text mode only
  ringfiles::buffering buffering = ringfiles::buffering::automatic;
};

/// Bytes that somebody shares the ownership of: whoever holds `owner` keeps them as they are.
struct shared_bytes {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};

/// Opens `path` as Python's open() does: `mode` is one of "r", "w", "a", "x" with "+", "b", "t".
/// Text is UTF-8 to the program, and `options.encoding` in the file. Usually openat2(2); the
/// descriptor is close-on-exec. Cancelling leaks no descriptor. A FIFO waits for its other end
/// without holding a thread.
operation<file> open(std::filesystem::path path, std::string_view mode = "r",
                     open_options options = {});
/// The same on a given engine, for threads that have no current one.
operation<file> open(engine& engine, std::filesystem::path path, std::string_view mode = "r",
                     open_options options = {});

/// Opens in open(2)'s place: gets the path and the flags (O_CLOEXEC among them) and gives back a
/// descriptor, or -1 with errno.
using opener = std::function<int(const char* path, int flags)>;

/// Opens with `by`: relative to a folder (openat(2)), with further flags, or something else than a
/// path. It runs on a thread of the pool; what it throws is thrown at the co_await. The descriptor
/// is made close-on-exec and belongs to the file. Permissions and wait_for_descriptor have no
/// effect. ERRORS: as open(); EINVAL if it fails without errno; EBADF in memory.
operation<file> open(std::filesystem::path path, std::string_view mode, open_options options,
                     opener by);
operation<file> open(engine& engine, std::filesystem::path path, std::string_view mode,
                     open_options options, opener by);

/// A file over a descriptor that is open already, at the position that it has. fstat(2), lseek(2).
/// Append mode writes at the end only if the descriptor has O_APPEND; else it starts there.
/// The position of the descriptor itself does not move afterwards. A pipe or terminal is made
/// non-blocking, for all who share it.
/// ERRORS: errc::invalid_mode; EBADF (always in memory); EISDIR. Then the descriptor stays open.
file adopt(engine& engine, int descriptor, std::string_view mode, adopt_options options = {});

class file {
 public:
  file() noexcept;
  file(file&&) noexcept;
  file& operator=(file&&) noexcept;
  /// Closes without blocking; buffered bytes are still written, in the background. Await close()
  /// to learn of errors.
  ~file();
  void swap(file& other) noexcept;

  // ---- Reading at the position -----------------------------------------------------------------
  /// Up to `limit` characters (text) or bytes (binary); fewer only at the end of the file.
  operation<std::string> read(std::size_t limit = all);
  operation<std::string> readall() { return read(); }
  /// `size` characters or bytes. ERRORS: errc::unexpected_end if the file ends before; then nothing
  /// is consumed.
  operation<std::string> read_exactly(std::size_t size);
  /// What is there, at least one byte unless at the end, at most `limit` bytes: one read(2) at the
  /// most. For pipes and followers.
  operation<std::string> read_some(std::size_t limit = all);
  operation<std::string> read1(std::size_t limit = all);  ///< read_some() in binary mode, only
  /// What read_some() would give, without consuming it.
  operation<std::string> peek(std::size_t limit = all);
  /// The next line with its terminator, translated to '\n' as Python does; cut at `limit`
  /// characters; std::nullopt at the end of the file.
  operation<std::optional<std::string>> readline(std::size_t limit = all);
  /// All whole lines that are at hand, at least one: views without terminators. std::nullopt at
  /// the end. One await per buffer, no copy.
  operation<std::optional<lines>> next_lines();
  /// The remaining lines; stops after more than `hint` characters (text) or bytes (binary).
  operation<std::vector<std::string>> readlines(std::size_t hint = all);
  /// Fills `into` as far as the file reaches; the count of bytes. Binary mode.
  operation<std::size_t> readinto(std::span<std::byte> into);

  // ---- Writing at the position -----------------------------------------------------------------
  /// Buffers `data`, or writes it through when it is large; the count of characters or bytes taken.
  /// Waits only while both buffers are full. The view is read before the call suspends.
  operation<std::size_t> write(std::string_view data);
  operation<std::size_t> write(std::string&& data);  ///< takes the memory, no copy when large
  operation<std::size_t> write(shared_bytes data);   ///< never copied when large
  operation<std::size_t> write(const char* text) { return write(std::string_view(text)); }
  operation<void> writelines(std::vector<std::string> lines);  ///< as one write

  // ---- Position, size, durability --------------------------------------------------------------
  /// The new position in bytes. In text mode use what tell() gave, or 0, as in Python; in another
  /// encoding than UTF-8 nothing else is taken from the current position or the end. A text is read
  /// anew after it, and bytes after a seek from the end, or to what is not in the buffer.
  operation<std::uint64_t> seek(std::int64_t offset, whence from = whence::start);
  /// In bytes; in text of other encodings the highest sixteen bits may hold the decoder's state.
  operation<std::uint64_t> tell();
  /// Cuts or extends to `size` bytes (default: the position). The position stays. ftruncate(2).
  operation<std::uint64_t> truncate(std::optional<std::int64_t> size = std::nullopt);
  operation<void> flush();      ///< buffered bytes are with the kernel when it ends
  operation<void> sync();       ///< … and on the device, with metadata: fsync(2)
  operation<void> sync_data();  ///< … and on the device: fdatasync(2)
  /// Flushes, waits for what is in flight, closes. Closed even when it reports an error; a second
  /// close does nothing. Without its engine it does so here and now, unless the kernel still
  /// has a request of this file: then errc::engine_ended, and it stays open for that.
  operation<void> close();

  // ---- Positional access: no cursor, concurrent ------------------------------------------------
  /// Bytes from `offset` on, short only at the end of the file. pread(2).
  operation<std::string> read_at(std::uint64_t offset, std::size_t size);
  operation<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into);
  operation<std::size_t> read_at(std::uint64_t offset, std::vector<std::span<std::byte>> into);
  /// Writes all of `data` at `offset`; beside the write buffer, so flush() first if both are used.
  /// A file in append mode writes at its end, whatever `offset` says. pwrite(2).
  operation<std::size_t> write_at(std::uint64_t offset, std::string_view data);
  operation<std::size_t> write_at(std::uint64_t offset, std::vector<std::string> parts);
  operation<std::size_t> write_at(std::uint64_t offset, shared_bytes data);  ///< never copied

  // ---- What it is ------------------------------------------------------------------------------
  bool is_open() const noexcept;
  bool readable() const noexcept;
  bool writable() const noexcept;
  bool seekable() const noexcept;
  bool is_text() const noexcept;
  bool is_terminal() const noexcept;  ///< isatty(3)
  bool line_buffering() const noexcept;
  /// The line ends met so far, read ahead of the position or not; all of them once the end was. For
  /// the modes universal and untranslated. A seek to the start or the end forgets them.
  line_ends newlines() const noexcept;
  const std::string& path() const noexcept;
  /// As it was given to open(); of a binary file as Python names it: "rb", "rb+", "wb", "ab" …
  const std::string& mode() const noexcept;
  /// As it was given to open(); empty in binary mode. Valid as long as the file.
  std::string_view encoding() const noexcept;
  text_errors errors() const noexcept;
  /// What fstat(2) said when the file was opened; costs nothing.
  file_status status_at_open() const noexcept;
  /// The descriptor, or -1; it stays ours. Reads through it bypass the buffers.
  int native_handle() const noexcept;

 private:
  friend class detail::file_state;
  explicit file(detail::file_state* state) noexcept;
  detail::file_state* state_ = nullptr;
};

}  // namespace ringfiles
