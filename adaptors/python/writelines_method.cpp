// writelines(): lines are taken from their iterable a portion at a time, while they are written.
#include <string>

#include "errors.hpp"
#include "long_text.hpp"
#include "methods.hpp"
#include "ringfiles/source.hpp"
#include "written.hpp"

namespace ringfiles::python {
namespace {

constexpr std::size_t portion_bytes = 64 * 1024;

class line_source final : public source {
 public:
  line_source(file_object& file, owned lines) noexcept
      : kept_(borrow(reinterpret_cast<PyObject*>(&file))), file_(file), lines_(std::move(lines)) {}

  bool next(std::string_view& portion) override {
    portion = {};
    gathered_.clear();
    if (rest_.empty() && !long_.is_set() && !failure_) gather();
    if (gathered_.empty() && long_.is_set()) return next_of_long(portion);
    // A line that is longer than a portion goes by itself, a piece at a time.
    if (gathered_.empty() && !rest_.empty()) {
      portion = rest_.substr(0, portion_bytes);
      rest_.remove_prefix(portion.size());
      return true;
    }
    portion = gathered_;
    return !portion.empty();
  }

  /// None, or null with the exception set that ended it.
  PyObject* result() noexcept {
    if (failure_) return failure_.restore(), nullptr;
    return new_reference(Py_None);
  }

 private:
  /// An empty portion while it is being checked.
  bool next_of_long(std::string_view& portion) {
    if (long_.is_checked() ? long_.next(portion) : long_.check_portion()) return true;
    if (PyErr_Occurred() == nullptr) return next(portion);
    failure_.save();
    return false;
  }

  void gather() {
    while (gathered_.size() < portion_bytes && rest_.empty() && !long_.is_set()) {
      const owned line = next_line();
      if (!line || !take(line.ptr())) return failure_.save();  // or the end: nothing to save
    }
  }

  /// The iterator may know the file, and detach or close it.
  owned next_line() {
    std::string* const outer = std::exchange(file_.open->gathered, &gathered_);
    owned line = steal(PyIter_Next(lines_.ptr()));
    file_.open->gathered = outer;
    return line;
  }

  bool take(PyObject* line) {
    line_.clear();
    if (!check_data(file_, line) || !may_write(file_)) return false;
    if (file_.is_text() && long_text::is_long(file_.format(), line)) {
      long_ = long_text(file_.format(), line);
      return true;
    }
    if (!prepare(file_, line, line_)) return false;
    if (line_.bytes.size() <= portion_bytes) {
      gathered_ += line_.bytes;
      return true;
    }
    if (!line_.made) line_.made = borrow(line);
    rest_ = line_.bytes;
    return true;
  }

  owned kept_;  ///< the file: a cancelled call goes on without its awaitable
  file_object& file_;
  owned lines_;
  written line_;
  std::string gathered_;
  std::string_view rest_;  ///< of a long line
  long_text long_;         ///< one that is to be encoded
  saved_exception failure_;
};

}  // namespace

void file_object::hand_over_lines() {
  if (open->gathered == nullptr) return;
  wait_here(*open->engine, [this] { return buffers().write_within(*open->gathered); });
  open->gathered->clear();
}

namespace {

/// A file that is only read refuses the first line, if there is one.
PyObject* refuse_lines(file_object& file, PyObject* lines) noexcept {
  const owned iterator = steal(PyObject_GetIter(lines));
  const owned line = iterator ? steal(PyIter_Next(iterator.ptr())) : owned();
  if (!line && PyErr_Occurred() == nullptr) return new_reference(Py_None);
  if (line && check_data(file, line.ptr())) may_write(file);
  return nullptr;
}

PyObject* serve_writelines(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!file.check_open()) return nullptr;
  return file.core().writable() ? nullptr : refuse_lines(file, self.object);
}

/// Gives `result` for the lines, after a flush where the file has no buffer, or they are to be seen
/// at once.
class writing_lines final : public pending {
 public:
  writing_lines(file_object& file, owned lines, owned result)
      : file_(file),
        result_(std::move(result)),
        call_(wait_for(write_from(file.core(), std::make_unique<line_source>(file, lines)),
                       [](std::unique_ptr<source> ended) {
                         return static_cast<line_source&>(*ended).result();
                       })) {}

  detail::call_base& call() noexcept override { return call_->call(); }
  PyObject* result(PyObject* filename) noexcept override {
    PyObject* made = call_->result(filename);
    if (made == nullptr) return nullptr;
    Py_DECREF(made);
    const file_choices& choices = file_.open->choices;
    const bool flushes =
        choices.kind == file_kind::raw || choices.line_buffering || choices.write_through;
    return flushes && !file_.open->closed ? nullptr : result_.release().ptr();
  }
  std::unique_ptr<pending> next() override { return flush_behind(file_, std::move(result_)); }

 private:
  file_object& file_;  // the awaitable keeps it
  owned result_;
  std::unique_ptr<pending> call_;
};

std::unique_ptr<pending> begin_writelines(operation_object& self,
                                          const std::shared_ptr<loop_engine>&) {
  owned lines = steal(PyObject_GetIter(self.object));
  if (!lines) return nullptr;
  file_of(self).buffers();  // settles the window
  return std::make_unique<writing_lines>(file_of(self), std::move(lines), borrow(Py_None));
}

}  // namespace

// As the one line of a writelines().
std::unique_ptr<pending> write_long_text(file_object& file, PyObject* text) {
  const owned alone = steal(PyTuple_Pack(1, text));
  owned lines = alone ? steal(PyObject_GetIter(alone.ptr())) : owned();
  owned count = steal(PyLong_FromSsize_t(PyUnicode_GET_LENGTH(text)));
  if (!lines || !count) return nullptr;
  file.buffers();  // settles the window
  return std::make_unique<writing_lines>(file, std::move(lines), std::move(count));
}

constinit const operation_kind writelines_kind{"writelines", serve_writelines, begin_writelines};

}  // namespace ringfiles::python
