#include <algorithm>
#include <cstring>

#include "ringfiles/detail/line_ends.hpp"
#include "scanners.hpp"
#include "text_parts.hpp"

namespace ringfiles::python {
namespace {

/// What every reader of text does with the bytes of whole lines.
PyObject* make_line(file_object& file, std::string_view raw) noexcept {
  const text_format& format = file.format();
  if (!format.is_text())
    return PyBytes_FromStringAndSize(raw.data(), static_cast<Py_ssize_t>(raw.size()));
  PyObject* text = decode(format, raw);
  if (text != nullptr && format.is_universal()) file.open->window.see_newlines(newlines_in(text));
  return format.translates() ? translate(text) : text;
}

/// A line, cut at a number of characters (of bytes, in a binary file).
class line_scanner final : public python_scanner {
 public:
  line_scanner(file_object& file, std::size_t limit) noexcept : file_(file), limit_(limit) {}

  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    const auto end = text::find_line_end(bytes, file_.format().newline,
                                         std::min(searched_, bytes.size()), final);
    if (!end && !final && bytes.size() < least_bytes_) {
      searched_ = bytes.empty() ? 0 : bytes.size() - 1;
      return scan_verdict::more;
    }
    const std::string_view line = bytes.substr(0, end ? end->total : bytes.size());
    if (limit_ == no_limit || line.size() < limit_) {
      used = line.size();
      return end_with(make_line(file_, line));
    }
    return take_limited(line, end || final, used);
  }

 private:
  scan_verdict take_limited(std::string_view line, bool whole, std::size_t& used) {
    if (!file_.format().is_text()) {
      used = limit_;
      return end_with(make_line(file_, line.substr(0, limit_)));
    }
    characters taken = take_characters(file_.format(), line, limit_, whole);
    if (taken.text && taken.count < limit_ && !whole) {
      least_bytes_ = line.size() + (limit_ - taken.count);
      return scan_verdict::more;
    }
    used = taken.used;
    file_.open->window.see_newlines(taken.seen);
    return end_with(taken.text.release().ptr());
  }

  file_object& file_;  // the awaitable keeps it
  const std::size_t limit_;
  std::size_t searched_ = 0;
  /// A window of fewer bytes cannot hold as many characters.
  std::size_t least_bytes_ = limit_;
};

/// A list of lines.
class lines_scanner final : public python_scanner {
 public:
  lines_scanner(file_object& file, std::size_t enough, bool once) noexcept
      : file_(file), enough_(enough), once_(once), lines_(steal(PyList_New(0))) {}

  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    if (!lines_) return end_with_error();
    while (characters_ < enough_) {
      const std::string_view rest = bytes.substr(used);
      const auto end = text::find_line_end(rest, file_.format().newline,
                                           std::min(searched_, rest.size()), final);
      searched_ = rest.empty() ? 0 : rest.size() - 1;
      if (!end && (!final || rest.empty())) break;
      const std::string_view line = end ? rest.substr(0, end->total) : rest;
      used += line.size();
      searched_ = 0;
      if (!add(make_line(file_, line))) return end_with_error();
    }
    const bool enough = characters_ >= enough_ || (once_ && PyList_GET_SIZE(lines_.ptr()) > 0);
    if (!enough && !final) return scan_verdict::more;
    return end_with(lines_.release().ptr());
  }

 private:
  /// Steals `line`.
  bool add(PyObject* line) noexcept {
    const owned kept = steal(line);
    if (!kept) return false;
    const Py_ssize_t size = PyObject_Size(line);
    characters_ += static_cast<std::size_t>(size);
    if (size == 0) return true;  // the end of the file, if the error handler ignores what is there
    return PyList_Append(lines_.ptr(), line) == 0;
  }

  file_object& file_;
  const std::size_t enough_;
  const bool once_;
  owned lines_;
  std::size_t characters_ = 0;
  std::size_t searched_ = 0;
};

class character_scanner final : public python_scanner {
 public:
  character_scanner(file_object& file, std::size_t limit) noexcept : file_(file), left_(limit) {}

  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    if (joining_) return join();
    characters taken = take_characters(file_.format(), bytes, left_, final);
    used = taken.used;
    if (!taken.text || !parts_.add(taken.text.ptr())) return end_with_error();
    file_.open->window.see_newlines(taken.seen);
    left_ -= std::min(left_, taken.count);
    if (left_ > 0 && !final) return scan_verdict::more;
    joining_ = true;
    return join();
  }
  void work() noexcept override { parts_.work(); }

 private:
  scan_verdict join() {
    const auto how = parts_.step();
    if (how == text_parts::progress::working) return scan_verdict::work;
    return how == text_parts::progress::done ? end_with(parts_.result()) : end_with_error();
  }

  file_object& file_;
  std::size_t left_;
  text_parts parts_;
  bool joining_ = false;
};

}  // namespace

std::unique_ptr<python_scanner> scan_line(file_object& file, std::size_t limit) {
  return std::make_unique<line_scanner>(file, limit);
}

std::unique_ptr<python_scanner> scan_lines(file_object& file, std::size_t enough, bool once) {
  return std::make_unique<lines_scanner>(file, enough, once);
}

std::unique_ptr<python_scanner> scan_characters(file_object& file, std::size_t limit) {
  return std::make_unique<character_scanner>(file, limit);
}

}  // namespace ringfiles::python
