// write, flush, fsync, truncate, close.
#include <cstring>
#include <string>

#include "errors.hpp"
#include "long_text.hpp"
#include "methods.hpp"
#include "written.hpp"

namespace ringfiles::python {
namespace {

/// What is long is not looked through for it.
bool ends_a_line(std::string_view bytes) noexcept {
  return bytes.size() >= least_shared_bytes ||
         bytes.find_first_of("\r\n") != std::string_view::npos;
}

bool flushes(const file_object& file, std::string_view bytes) noexcept {
  return file.kind() == file_kind::raw || file.open->choices.write_through ||
         (file.open->choices.line_buffering && ends_a_line(bytes));
}

PyObject* serve_write(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!check_data(file, self.object) || !may_write(file)) return nullptr;
  // The usual text, without more ado.
  if (file.is_text() && PyUnicode_IS_COMPACT_ASCII(self.object) &&
      file.format().newline != newline::cr && file.format().newline != newline::crlf &&
      !file.open->choices.line_buffering && !file.open->choices.write_through) {
    const Py_ssize_t size = PyUnicode_GET_LENGTH(self.object);
    const std::string_view bytes(reinterpret_cast<char*>(PyUnicode_1BYTE_DATA(self.object)),
                                 static_cast<std::size_t>(size));
    return file.buffers().write(bytes) ? PyLong_FromSsize_t(size) : nullptr;
  }
  if (file.is_text() && long_text::is_long(file.format(), self.object)) return nullptr;
  written data;
  if (!prepare(file, self.object, data)) return nullptr;
  if (flushes(file, data.bytes) || !file.buffers().write(data.bytes)) return nullptr;
  return PyLong_FromSsize_t(data.counted);
}

/// A write, and a flush behind it where the file has no buffer, or a line has ended.
class write_then_flush final : public pending {
 public:
  write_then_flush(file_object& file, std::unique_ptr<pending> write, bool flushes) noexcept
      : file_(file), write_(std::move(write)), flushes_(flushes) {}

  detail::call_base& call() noexcept override { return write_->call(); }
  PyObject* result(PyObject* filename) noexcept override {
    PyObject* count = write_->result(filename);
    if (count == nullptr || !flushes_ || file_.open->closed) return count;
    count_ = steal(count);
    return nullptr;
  }
  std::unique_ptr<pending> next() override { return flush_behind(file_, std::move(count_)); }

 private:
  file_object& file_;  // the awaitable keeps it
  std::unique_ptr<pending> write_;
  owned count_;
  const bool flushes_;
};

operation<std::size_t> start_write(file_object& file, std::shared_ptr<written> data) {
  if (data->bytes.size() < least_shared_bytes) return file.core().write(std::string(data->bytes));
  const std::string_view bytes = data->bytes;
  return file.core().write(shared_bytes{std::move(data), bytes});
}

std::unique_ptr<pending> write_all(file_object& file, std::shared_ptr<written> data,
                                   PyObject* result) {
  file.buffers();  // settles the window
  const bool flush = flushes(file, data->bytes);
  auto write = wait_for(start_write(file, std::move(data)),
                        [kept = borrow(result)](std::size_t) { return new_reference(kept.ptr()); });
  return std::make_unique<write_then_flush>(file, std::move(write), flush);
}

std::unique_ptr<pending> begin_write(operation_object& self, const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  if (file.is_text() && long_text::is_long(file.format(), self.object))
    return write_long_text(file, self.object);
  auto data = std::make_shared<written>();
  if (!prepare(file, self.object, *data)) return nullptr;
  // The caller's object is not to go while its bytes are written.
  if (!data->made) data->made = borrow(self.object);
  const owned count = steal(PyLong_FromSsize_t(data->counted));
  return count ? write_all(file, std::move(data), count.ptr()) : nullptr;
}

// ---- flush, fsync -------------------------------------------------------------------------------

/// In the words of io.IOBase.flush where there is nothing to flush.
PyObject* serve_when_open(operation_object& self) noexcept {
  file_object& file = file_of(self);
  const bool has_flush = file.kind() == file_kind::buffered && file.open->choices.writes();
  file.check_open(has_flush ? "flush of closed file" : "I/O operation on closed file.");
  return nullptr;
}

std::unique_ptr<pending> begin_flush(operation_object& self, const std::shared_ptr<loop_engine>&) {
  file_of(self).buffers();
  file_object& file = file_of(self);
  return wait_for(file.core().flush(), [&file] {
    if (file.open->shared) file.open->buffers.share_position();
    return new_reference(Py_None);
  });
}

std::unique_ptr<pending> begin_fsync(operation_object& self, const std::shared_ptr<loop_engine>&) {
  file_of(self).buffers();
  return wait_for(file_of(self).core().sync());
}

// ---- truncate -----------------------------------------------------------------------------------

PyObject* serve_truncate(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!file.check_open(closed_words(file, "truncate of closed file"))) return nullptr;
  if (file.open->file.writable()) return nullptr;
  if (file.kind() == file_kind::raw)
    raise_unsupported("File not open for writing");
  else
    raise_unsupported("truncate");
  return nullptr;
}

std::unique_ptr<pending> begin_truncate(operation_object& self,
                                        const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  file.buffers();
  std::optional<std::int64_t> size;
  if (self.second != 0) size = self.number;
  return wait_for(file.core().truncate(size),
                  [](std::uint64_t made) { return PyLong_FromUnsignedLongLong(made); });
}

// ---- close --------------------------------------------------------------------------------------

PyObject* serve_close(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (file.open->detached) return file.check_open_slowly(""), nullptr;
  if (file.open->closed) return new_reference(Py_None);
  file.open->window.settle(file.open->buffers);
  file.open->window.release();
  return nullptr;
}

/// Closed, whatever close() said, and also if its caller was cancelled: in the background then.
class close_pending final : public pending {
 public:
  explicit close_pending(file_object& file) : file_(file), close_(wait_for(file.core().close())) {}
  ~close_pending() override { file_.open->close(); }
  detail::call_base& call() noexcept override { return close_->call(); }
  PyObject* result(PyObject* filename) noexcept override { return close_->result(filename); }

 private:
  file_object& file_;  // the awaitable keeps it
  std::unique_ptr<pending> close_;
};

std::unique_ptr<pending> begin_close(operation_object& self, const std::shared_ptr<loop_engine>&) {
  return std::make_unique<close_pending>(file_of(self));
}

}  // namespace

constinit const operation_kind write_kind{"write", serve_write, begin_write};
constinit const operation_kind flush_kind{"flush", serve_when_open, begin_flush};
constinit const operation_kind fsync_kind{"fsync", serve_when_open, begin_fsync};
constinit const operation_kind truncate_kind{"truncate", serve_truncate, begin_truncate};
constinit const operation_kind close_kind{"close", serve_close, begin_close};

// For those who cannot await: what was buffered is still written, in the background.
PyObject* close_now_method(PyObject* self, PyObject*) noexcept {
  file_state_of_python& state = *file_of(self).open;
  try {
    file_of(self).hand_over_lines();
  } catch (...) {
    raise_current(state.choices.name.ptr());
    PyErr_WriteUnraisable(self);  // nobody awaits this
  }
  state.window.settle(state.buffers);
  state.close();
  Py_RETURN_NONE;
}

namespace {

/// Waits on the loop's thread.
template <class T>
T await_here(loop_engine& engine, operation<T> what) {
  bool ended = false;
  detail::call_base& call = *what.call().get();
  if (!call.try_now()) {
    call.start({[](void* flag) noexcept { *static_cast<bool*>(flag) = true; }, &ended});
    wait_here(engine, [&] { return ended; });
  }
  return what.call()->take();
}

/// Returns the position behind all that was written; 0 of a file that has none.
std::uint64_t flush_here(file_object& file) {
  file.buffers();
  loop_engine& engine = *file.open->engine;
  await_here(engine, file.core().flush());
  return file.core().seekable() ? await_here(engine, file.core().tell()) : 0;
}

/// A flush would wait for the writelines() that this is called from.
std::uint64_t settle_within_lines(file_object& file) {
  file.hand_over_lines();
  std::uint64_t position = 0;
  wait_here(*file.open->engine, [&] { return file.buffers().settle_within(position); });
  return position;
}

}  // namespace

// detach() is no coroutine in aiofiles: it writes what is buffered while the loop waits.
PyObject* settle_now_method(PyObject* self, PyObject*) noexcept {
  file_object& file = file_of(self);
  if (!file.check_open()) return nullptr;
  try {
    const std::uint64_t position =
        file.open->gathered != nullptr ? settle_within_lines(file) : flush_here(file);
    if (!file.core().seekable()) Py_RETURN_NONE;
    return PyLong_FromUnsignedLongLong(position);
  } catch (...) {
    raise_current(file.name);
    return nullptr;
  }
}

PyObject* mark_detached_method(PyObject* self, PyObject*) noexcept {
  const owned dropped = steal(close_now_method(self, nullptr));
  file_of(self).open->detached = true;
  Py_RETURN_NONE;
}

PyObject* truncate_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept {
  const arguments given{"truncate", values, count};
  Py_ssize_t size = 0;
  const bool has_size = count == 1 && values[0] != Py_None;
  if (!given.at_most(1) || (has_size && !given.offset(0, file_kind::raw, size)))
    return raise_when_awaited(&file_of(self));
  return make_operation(truncate_kind, &file_of(self), nullptr, size, has_size ? 1 : 0);
}

}  // namespace ringfiles::python
