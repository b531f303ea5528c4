#include "line_window.hpp"

#include <algorithm>

namespace ringfiles::python {

bool line_window::go_on(detail::file_buffers& buffers, const text_format& format) noexcept {
  if (!lines_ || !lines_->open) return open(buffers, format);
  lines_->until_look = lines_between_looks;
  if (buffers.may_go_on()) return true;
  settle(buffers);
  return false;
}

bool line_window::open(detail::file_buffers& buffers, const text_format& format) noexcept {
  settle(buffers);
  if (!lines_) {
    if (buffers.readable().empty() && !buffers.fetch()) return false;
    lines_.reset(new (std::nothrow) state);
    if (!lines_) return false;  // the call that follows says so
  }
  state& now = *lines_;
  now.batch = buffers.whole_lines(format.newline, now.most_bytes);
  if (now.batch.text().empty() && buffers.fetch())
    now.batch = buffers.whole_lines(format.newline, now.most_bytes);
  const std::string_view text = now.batch.text();
  if (text.empty()) return release(), false;
  now.most_bytes = std::min(2 * now.most_bytes, most_window_bytes);
  now.at = now.batch.begin();
  now.begin = now.line = text.data();
  now.end = text.data() + text.size();
  now.open = true;
  now.until_look = lines_between_looks;
  now.ascii = is_ascii(text);
  now.simple = now.batch.mode() == newline::lf || !format.is_universal();
  if (format.is_universal() && now.simple) see_newlines(seen_lf);
  return true;
}

PyObject* line_window::take_translated(const text_format& format, std::string_view raw,
                                       std::string_view content) noexcept {
  const std::string_view terminator = raw.substr(content.size());
  see_newlines(terminator.size() == 2 ? seen_crlf : terminator.front() == '\r' ? seen_cr : seen_lf);
  PyObject* text = decode(format, raw);
  return format.translates() ? translate(text) : text;
}

// The window stays, in case that it is opened anew, but is smaller next time unless it was used up.
void line_window::settle_lines(detail::file_buffers& buffers) noexcept {
  state& now = *lines_;
  if (const std::size_t bytes = unsettled()) buffers.consume(bytes, now.taken);
  if (now.open) now.most_bytes = first_window_bytes;
  now.batch = {};
  now.begin = now.line = now.end = nullptr;
  now.open = false;
  now.taken = 0;
}

}  // namespace ringfiles::python
