// The one error type: what was attempted, on which path, why it failed and what to do about it.
//
// Every asynchronous call reports failure by throwing `ringfiles::error` at the co_await (or by
// handing it over as std::exception_ptr to a completion handler). System failures carry errno in
// std::generic_category(); misuse and bad input carry `errc`, which compares equal to the
// matching std::errc, so `e.code() == std::errc::invalid_argument` works for both.
//
// SAFETY: values; no shared state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ringfiles {

/// Failures that are ours and not the kernel's.
enum class errc {
  invalid_mode = 1,   ///< open(): the mode is not one that Python's open() knows
  invalid_newline,    ///< open(): unknown newline choice
  embedded_nul,       ///< a path holds a NUL byte; the kernel would cut it short
  closed,             ///< the file is closed, or closing
  not_readable,       ///< read on a file that was opened for writing only
  not_writable,       ///< write on a file that was opened for reading only
  not_seekable,       ///< seek, tell or positional access on a pipe, FIFO, terminal or socket
  negative_size,      ///< truncate to a size, or a read count, below zero
  negative_position,  ///< seek to before the start of the file
  not_utf8,           ///< the bytes are not well-formed UTF-8 (text mode, strict)
  not_decodable,      ///< the bytes are no text in the file's encoding
  not_encodable,      ///< the file's encoding lacks a character of the text
  unknown_encoding,   ///< open(): no such encoding, here or in this machine's iconv(3)
  invalid_errors,     ///< open(): unknown error handler
  invalid_buffering,  ///< open(): text without a buffer
  unexpected_end,     ///< read_exactly(): the file ends before
  no_engine,          ///< no engine runs on this thread and none was given
  text_mode,          ///< the call needs a file opened in binary mode
  fork_interrupted,   ///< in a forked child: the parent holds this operation, and finishes it
  engine_ended,       ///< the engine is gone: an open file of it can only be closed
};

std::error_code make_error_code(errc code) noexcept;
const std::error_category& error_category() noexcept;

class error : public std::system_error {
 public:
  error(std::error_code code, std::string operation, std::string path, std::string hint = {});

  /// The call that failed, as it is spelled in this library: "open", "read_at", "close" …
  const std::string& operation() const noexcept { return operation_; }
  /// The path as it was given to open(); empty when the call has none.
  const std::string& path() const noexcept { return path_; }
  /// Likely cause and remedy where one is known, else empty.
  const std::string& hint() const noexcept { return hint_; }
  /// The errno of this failure (for an `errc`, the one that the kernel would use: EINVAL, EBADF …).
  int number() const noexcept;

  /// Where in the file a decode error sits, in bytes from the start; empty for other failures.
  std::optional<std::uint64_t> position() const noexcept { return position_; }
  void set_position(std::uint64_t byte) noexcept { position_ = byte; }

 private:
  std::string operation_;
  std::string path_;
  std::string hint_;
  std::optional<std::uint64_t> position_;
};

}  // namespace ringfiles

template <>
struct std::is_error_code_enum<ringfiles::errc> : std::true_type {};
