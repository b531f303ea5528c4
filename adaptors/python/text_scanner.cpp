// read() of all the text that follows.
//
// What is small is decoded at once. A large text is read into the memory of the str that it will be
// if it proves to be ASCII without "\r", which logs are; only a look at it remains then. Else a
// thread of the pool measures it, and fills the str that fits.
#include <algorithm>
#include <cstring>
#include <string>

#include "ringfiles/detail/huge_pages.hpp"
#include "scanners.hpp"
#include "text_parts.hpp"
#include "utf8_transcode.hpp"

namespace ringfiles::python {
namespace {

/// Below this a text is decoded on the loop's thread: 256 KiB of ASCII take some 30 µs.
constexpr std::size_t least_large_bytes = 256 * 1024;
/// Malformed bytes cost some 2 to 20 ns each.
constexpr std::size_t mended_portion_bytes = 64 * 1024;

class text_scanner final : public python_scanner {
 public:
  explicit text_scanner(file_object& file) noexcept : file_(file), format_(file.format()) {}

  bool wants_size() const noexcept override { return true; }
  void expect(std::uint64_t bytes) override {
    if (bytes < least_large_bytes) return;
    capacity_ = static_cast<std::size_t>(bytes);
    target_ = steal(PyUnicode_New(static_cast<Py_ssize_t>(bytes), 127));
    if (!target_) return PyErr_Clear();  // in pieces, then
    detail::prefer_huge_pages(PyUnicode_1BYTE_DATA(target_.ptr()), capacity_);
  }

  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    switch (step_) {
      case step::reading:
        return target_ ? take_large(bytes, final, used) : take_small(bytes, final, used);
      case step::measuring:
        return measured();
      case step::filling:
        return end_with(text_.release().ptr());
      case step::mending:
        return mend();
      case step::joining:
        return join();
    }
    return scan_verdict::more;
  }

  std::span<char> room() noexcept override {
    if (!target_ || !more_.empty()) return {};
    return {memory() + size_, capacity_ - size_};
  }
  void filled(std::size_t bytes) override { size_ += bytes; }

  void work() noexcept override {
    if (step_ == step::mending || step_ == step::joining) return parts_.work();
    const std::string_view bytes = large_bytes();
    const bool translate = format_.translates();
    if (step_ == step::measuring)
      measure_ = measured_by_codec(bytes, translate);
    else
      transcode_by_codec(bytes, translate);
  }

 private:
  enum class step { reading, measuring, filling, mending, joining };

  /// ASCII as Latin-1, unless a byte is not; then CPython has to say what it makes of it.
  text_measure measured_by_codec(std::string_view bytes, bool translate) const noexcept {
    if (format_.codec == codec::utf8) return measure_utf8(bytes, translate);
    if (format_.codec == codec::table) return measure_by(*format_.table, bytes, translate);
    return measure_latin1(bytes, translate);
  }
  void transcode_by_codec(std::string_view bytes, bool translate) noexcept {
    if (format_.codec == codec::utf8) return transcode_utf8(bytes, translate, width_, into_);
    if (format_.codec == codec::table)
      return transcode_by(*format_.table, bytes, translate, width_, into_);
    transcode_latin1(bytes, translate, into_);
  }
  char* memory() const noexcept {
    return reinterpret_cast<char*>(PyUnicode_1BYTE_DATA(target_.ptr()));
  }
  std::string_view large_bytes() const noexcept {
    return more_.empty() ? std::string_view(memory(), size_) : std::string_view(more_);
  }

  // The file's buffer gathers it, however long it is: a pipe tells its length to nobody.
  scan_verdict take_small(std::string_view bytes, bool final, std::size_t& used) {
    if (!final) return scan_verdict::more;
    used = bytes.size();
    return end_with(decoded(bytes));
  }

  PyObject* decoded(std::string_view bytes) noexcept {
    if (is_ascii(bytes) && bytes.find('\r') == std::string_view::npos) {
      if (format_.is_universal() && bytes.find('\n') != std::string_view::npos)
        file_.open->window.see_newlines(seen_lf);
      return make_ascii(bytes);
    }
    PyObject* text = decode(format_, bytes);
    if (text != nullptr && format_.is_universal())
      file_.open->window.see_newlines(newlines_in(text));
    return format_.translates() ? translate(text) : text;
  }

  scan_verdict take_large(std::string_view bytes, bool final, std::size_t& used) {
    used = bytes.size();
    if (more_.empty() && bytes.size() <= capacity_ - size_) {
      if (!bytes.empty()) std::memcpy(memory() + size_, bytes.data(), bytes.size());
      size_ += bytes.size();
    } else {  // it has grown since it was asked for its size
      if (more_.empty()) more_.assign(memory(), size_);
      more_ += bytes;
    }
    if (!final) return scan_verdict::direct;
    step_ = step::measuring;
    return scan_verdict::work;
  }

  scan_verdict measured() {
    const std::string_view bytes = large_bytes();
    const bool ascii = measure_.well_formed && measure_.widest == 0;
    if (!measure_.well_formed || (format_.codec == codec::ascii && !ascii)) {
      if (format_.strict()) return end_with(decoded(bytes));  // the error knows all of the bytes
      step_ = step::mending;
      return mend();
    }
    if (format_.is_universal()) file_.open->window.see_newlines(measure_.seen_newlines);
    const bool same = !format_.translates() || (measure_.seen_newlines & ~unsigned{seen_lf}) == 0;
    if (ascii && same && more_.empty()) return end_with(shrunk());
    text_ = steal(PyUnicode_New(static_cast<Py_ssize_t>(measure_.characters),
                                ascii ? 127 : std::max<char32_t>(measure_.widest, 0x80)));
    if (!text_) return end_with_error();
    into_ = PyUnicode_DATA(text_.ptr());
    width_ = static_cast<unsigned>(PyUnicode_KIND(text_.ptr()));
    detail::prefer_huge_pages(into_, measure_.characters * width_);
    step_ = step::filling;
    return scan_verdict::work;
  }

  /// What is malformed is left to CPython's handlers, a portion at a time.
  scan_verdict mend() {
    const std::string_view rest = large_bytes().substr(mended_);
    const std::string_view portion = rest.substr(0, mended_portion_bytes);
    characters taken = take_characters(format_, portion, no_limit, portion.size() == rest.size());
    if (!taken.text || !parts_.add(taken.text.ptr())) return end_with_error();
    file_.open->window.see_newlines(taken.seen);
    mended_ += taken.used;
    if (mended_ < large_bytes().size()) return scan_verdict::work;  // lets others have a turn
    step_ = step::joining;
    return join();
  }

  scan_verdict join() {
    const auto how = parts_.step();
    if (how == text_parts::progress::working) return scan_verdict::work;
    return how == text_parts::progress::done ? end_with(parts_.result()) : end_with_error();
  }

  /// The str that was read into, as it is.
  PyObject* shrunk() noexcept {
    PyObject* text = target_.release().ptr();
    if (size_ != capacity_ && PyUnicode_Resize(&text, static_cast<Py_ssize_t>(size_)) < 0) {
      Py_XDECREF(text);
      return nullptr;
    }
    return text;
  }

  file_object& file_;  // the awaitable keeps it
  const text_format format_;
  step step_ = step::reading;
  owned target_;  ///< an ASCII str whose memory is read into; nobody else knows it yet
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::string more_;  ///< everything, where that does not fit into `target_`
  text_measure measure_;
  owned text_;
  text_parts parts_;
  std::size_t mended_ = 0;
  void* into_ = nullptr;
  unsigned width_ = 1;
};

}  // namespace

std::unique_ptr<python_scanner> scan_text(file_object& file) {
  return std::make_unique<text_scanner>(file);
}

}  // namespace ringfiles::python
