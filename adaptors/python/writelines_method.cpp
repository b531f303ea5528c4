// writelines(): lines are taken from their iterable a portion at a time, while they are written.
#include <string>

#include "errors.hpp"
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
    if (rest_.empty() && !failure_) gather();
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
  void gather() {
    while (gathered_.size() < portion_bytes && rest_.empty()) {
      const owned line = steal(PyIter_Next(lines_.ptr()));
      if (!line || !take(line.ptr())) return failure_.save();  // or the end: nothing to save
    }
  }

  bool take(PyObject* line) {
    line_.clear();
    if (!check_data(file_, line) || !may_write(file_) || !prepare(file_, line, line_)) return false;
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
  saved_exception failure_;
};

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
  if (!file.check_open(closed_words(file, "write to closed file"))) return nullptr;
  return file.core().writable() ? nullptr : refuse_lines(file, self.object);
}

/// The lines, and a flush behind them where the file has no buffer, or they are to be seen at once.
class writing_lines final : public pending {
 public:
  writing_lines(file_object& file, owned lines)
      : file_(file),
        call_(wait_for(write_from(file.core(), std::make_unique<line_source>(file, lines)),
                       [](std::unique_ptr<source> ended) {
                         return static_cast<line_source&>(*ended).result();
                       })) {}

  detail::call_base& call() noexcept override { return call_->call(); }
  PyObject* result(PyObject* filename) noexcept override {
    PyObject* made = call_->result(filename);
    const bool flushes = file_.kind() == file_kind::raw || file_.open->choices.line_buffering;
    if (made == nullptr || !flushes || file_.open->closed) return made;
    Py_DECREF(made);
    return nullptr;
  }
  std::unique_ptr<pending> next() override { return wait_for(file_.core().flush()); }

 private:
  file_object& file_;  // the awaitable keeps it
  std::unique_ptr<pending> call_;
};

std::unique_ptr<pending> begin_writelines(operation_object& self,
                                          const std::shared_ptr<loop_engine>&) {
  owned lines = steal(PyObject_GetIter(self.object));
  if (!lines) return nullptr;
  file_of(self).buffers();  // settles the window
  return std::make_unique<writing_lines>(file_of(self), std::move(lines));
}

}  // namespace

constinit const operation_kind writelines_kind{"writelines", serve_writelines, begin_writelines};

}  // namespace ringfiles::python
