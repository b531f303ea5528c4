// Lines that are at hand: what readline() and `async for` serve without a call of the core.
//
// A window is a run of whole lines in the file's own buffer. Lines leave it one by one; the file is
// told how many bytes that were only when somebody else wants to know (settle), so a line costs no
// more than making a str of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "python.hpp"
#include "ringfiles/detail/buffers.hpp"
#include "text_format.hpp"

namespace ringfiles::python {

class line_window {
 public:
  /// The next line. Null without an exception: none is at hand, or the neighbours have to run.
  PyObject* next(detail::file_buffers& buffers, const text_format& format) noexcept {
    if (!lines_ || !lines_->open || --lines_->until_look == 0) [[unlikely]] {
      if (!go_on(buffers, format)) return nullptr;
    }
    return take(format);
  }

  /// Tells the file what was taken, and lets go of its buffer.
  void settle(detail::file_buffers& buffers) noexcept {
    if (lines_ && (lines_->open || lines_->taken != 0)) settle_lines(buffers);
  }
  /// Bytes that were taken and that the file does not know of.
  std::size_t unsettled() const noexcept {
    return lines_ ? static_cast<std::size_t>(lines_->line - lines_->begin) : 0;
  }
  unsigned seen_newlines() const noexcept { return seen_; }
  void see_newlines(unsigned seen) noexcept { seen_ |= seen; }
  void forget_newlines() noexcept { seen_ = 0; }
  /// The memory is given back: the file is at its end, or closed.
  void release() noexcept { lines_.reset(); }

 private:
  struct state {
    lines batch;
    lines::iterator at;
    const char* begin = nullptr;  ///< of the first line that the file has not been told of
    const char* line = nullptr;
    const char* end = nullptr;
    std::size_t taken = 0;  ///< lines since then
    std::size_t most_bytes = first_window_bytes;
    unsigned until_look = lines_between_looks;
    bool open = false;  ///< there are lines in the window
    bool ascii = false;
    bool simple = false;  ///< no "\r" among the line ends that matter
  };
  /// A window is searched and checked as a whole: it starts small, for files that are read a line
  /// here and a byte there, and grows while it is used up.
  static constexpr std::size_t first_window_bytes = 4096;
  static constexpr std::size_t most_window_bytes = 512 * 1024;
  /// The clock is read after so many lines: it costs as much as one.
  static constexpr unsigned lines_between_looks = 32;

  bool go_on(detail::file_buffers& buffers, const text_format& format) noexcept;
  bool open(detail::file_buffers& buffers, const text_format& format) noexcept;
  PyObject* take(const text_format& format) noexcept;
  PyObject* take_translated(const text_format& format, std::string_view raw,
                            std::string_view content) noexcept;
  void settle_lines(detail::file_buffers& buffers) noexcept;

  std::unique_ptr<state> lines_;
  unsigned seen_ = 0;
};

/// Here for the sake of speed: this is the inside of `async for`.
inline PyObject* line_window::take(const text_format& format) noexcept {
  state& now = *lines_;
  const std::string_view content = *now.at;
  ++now.at;
  const bool last = now.at == std::default_sentinel;
  const char* next = last ? now.end : (*now.at).data();
  const std::string_view raw(now.line, static_cast<std::size_t>(next - now.line));
  now.line = next;
  ++now.taken;
  if (last) now.open = false;
  if (!format.is_text())
    return PyBytes_FromStringAndSize(raw.data(), static_cast<Py_ssize_t>(raw.size()));
  if (!now.simple) return take_translated(format, raw, content);
  if (now.ascii) return make_ascii(raw);
  return is_ascii(raw) ? make_ascii(raw) : decode(format, raw);
}

}  // namespace ringfiles::python
