// seek, tell, pread, pwrite, and what a file is.
#include <algorithm>
#include <cstdio>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "errors.hpp"
#include "methods.hpp"
#include "ringfiles/detail/huge_pages.hpp"
#include "written.hpp"

namespace ringfiles::python {
namespace {

bool check_offset(Py_ssize_t offset) noexcept {
  if (offset >= 0) return true;
  PyErr_Format(PyExc_ValueError, "negative seek position %zd", offset);
  return false;
}

// ---- seek, tell ---------------------------------------------------------------------------------

/// Text: where tell() has been, the start, the end, or where it is.
bool check_text_seek(const operation_object& self) noexcept {
  switch (self.second) {
    case SEEK_CUR:
      if (self.number == 0) return true;
      return raise_unsupported("can't do nonzero cur-relative seeks"), false;
    case SEEK_END:
      if (self.number == 0) return true;
      return raise_unsupported("can't do nonzero end-relative seeks"), false;
    case SEEK_SET:
      return check_offset(self.number);
    default:
      PyErr_Format(PyExc_ValueError, "invalid whence (%zd, should be 0, 1 or 2)", self.second);
      return false;
  }
}

bool check_seek(const operation_object& self) noexcept {
  if (self.file->is_text()) return check_text_seek(self);
  if (self.second >= SEEK_SET && self.second <= SEEK_END) return true;
  if (self.file->kind() == file_kind::raw)  // lseek(2) says it
    return raise(error({EINVAL, std::generic_category()}, "lseek", {}), self.file->name), false;
  PyErr_Format(PyExc_ValueError, "whence value %zd unsupported", self.second);
  return false;
}

PyObject* serve_seek(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!file.check_open(closed_words(file, "seek of closed file"))) return nullptr;
  if (file.is_text() && !file.core().seekable())
    return raise_unsupported("underlying stream is not seekable"), nullptr;
  check_seek(self);
  return nullptr;
}

std::unique_ptr<pending> begin_seek(operation_object& self, const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  file.buffers();
  file.open->has_read = false;
  const whence from = self.second == SEEK_CUR   ? whence::current
                      : self.second == SEEK_END ? whence::end
                                                : whence::start;
  // The core has bytes, of which it would keep what it has.
  auto seek = file.is_text() ? detail::seek_anew(file.core(), self.number, from)
                             : file.core().seek(self.number, from);
  return wait_for(std::move(seek), [&file, from](std::uint64_t made) {
    // As the decoder of the built-in file, which begins anew there.
    if (made == 0 || from == whence::end) file.open->window.forget_newlines();
    return PyLong_FromUnsignedLongLong(made);
  });
}

/// A descriptor may have been opened for appending whatever its mode says here.
bool is_appended_text(const file_object& file) noexcept {
  return file.is_text() && (file.open->choices.appends() || file.open->buffers.appends());
}

PyObject* serve_tell(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!file.check_open(closed_words(file, "I/O operation on closed file"))) return nullptr;
  if (file.is_text() && !file.core().seekable())
    return raise_unsupported("underlying stream is not seekable"), nullptr;
  // As in CPython, a text is flushed: only then is it known where the end was.
  if (is_appended_text(file)) return nullptr;
  const auto position = file.open->buffers.position();
  if (!position) return nullptr;
  return PyLong_FromUnsignedLongLong(*position + file.open->window.unsettled());
}

std::unique_ptr<pending> ask_position(file_object& file) {
  return wait_for(file.core().tell(),
                  [](std::uint64_t made) { return PyLong_FromUnsignedLongLong(made); });
}

class tell_of_appended final : public pending {
 public:
  explicit tell_of_appended(file_object& file)
      : file_(file), flush_(flush_behind(file, borrow(Py_None))) {}

  detail::call_base& call() noexcept override { return flush_->call(); }
  PyObject* result(PyObject* filename) noexcept override {
    const owned flushed = steal(flush_->result(filename));
    return nullptr;  // and no exception, unless the flush failed: next() is made
  }
  std::unique_ptr<pending> next() override { return ask_position(file_); }

 private:
  file_object& file_;  // the awaitable keeps it
  std::unique_ptr<pending> flush_;
};

std::unique_ptr<pending> begin_tell(operation_object& self, const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  file.buffers();
  if (is_appended_text(file) && !file.open->closed) return std::make_unique<tell_of_appended>(file);
  return ask_position(file);
}

// ---- pread, pwrite ------------------------------------------------------------------------------

PyObject* serve_pread(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (file.check_open()) file.check_readable();
  return nullptr;
}

PyObject* make_bytes(std::string&& bytes) noexcept {
  return PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size()));
}

/// A larger read goes into the bytes object itself: to copy it would hold the loop.
constexpr std::size_t most_copied_bytes = 256 * 1024;
/// Memory that is taken at once, unless the file was larger when it was opened, since it may end
/// long before what was asked for; then as much again as there is.
constexpr std::size_t first_piece_bytes = 64 << 20;

std::size_t likely_bytes(const file& core, std::uint64_t offset) noexcept {
  const std::uint64_t size = core.status_at_open().size;
  return std::max(first_piece_bytes, static_cast<std::size_t>(size - std::min(size, offset)));
}

/// One piece after the other, mostly a single one.
class large_pread final : public pending {
 public:
  large_pread(file_object& file, std::size_t size, std::uint64_t offset)
      : file_(file), size_(size), offset_(offset) {
    start(likely_bytes(file.core(), offset));
  }

  detail::call_base& call() noexcept override { return *piece_->call().get(); }
  PyObject* result(PyObject* filename) noexcept override {
    try {
      done_ += piece_->call()->take();
    } catch (...) {
      raise_current(filename);
      return nullptr;
    }
    if (done_ == capacity_ && done_ < size_) return nullptr;
    return resize(done_) ? bytes_.release().ptr() : nullptr;
  }
  std::unique_ptr<pending> next() override {
    return std::unique_ptr<pending>(new large_pread(this));
  }

 private:
  /// Goes on where `before` has come to, with what it has read.
  explicit large_pread(large_pread* before)
      : file_(before->file_),
        size_(before->size_),
        offset_(before->offset_),
        done_(before->done_),
        capacity_(before->capacity_),
        bytes_(std::move(before->bytes_)) {
    start(2 * capacity_);
  }

  void start(std::size_t capacity) {
    if (!resize(std::min(size_, capacity))) {
      PyErr_Clear();
      throw std::bad_alloc();
    }
    auto* memory = reinterpret_cast<std::byte*>(PyBytes_AS_STRING(bytes_.ptr()));
    detail::prefer_huge_pages(memory, capacity_);
    piece_.emplace(file_.core().read_at(offset_ + done_,
                                        std::span<std::byte>(memory + done_, capacity_ - done_)));
  }

  bool resize(std::size_t capacity) noexcept {
    PyObject* memory = bytes_.release().ptr();
    const auto size = static_cast<Py_ssize_t>(capacity);
    if (memory == nullptr)
      memory = PyBytes_FromStringAndSize(nullptr, size);
    else if (capacity != capacity_)
      _PyBytes_Resize(&memory, size);
    bytes_ = steal(memory);
    capacity_ = capacity;
    return memory != nullptr;
  }

  file_object& file_;  // the awaitable keeps it
  const std::size_t size_;
  const std::uint64_t offset_;
  std::size_t done_ = 0;
  std::size_t capacity_ = 0;
  owned bytes_;  ///< nobody else knows it yet
  std::optional<operation<std::size_t>> piece_;
};

std::unique_ptr<pending> begin_pread(operation_object& self, const std::shared_ptr<loop_engine>&) {
  const auto size = static_cast<std::size_t>(self.number);
  const auto offset = static_cast<std::uint64_t>(self.second);
  if (size > most_copied_bytes) return std::make_unique<large_pread>(file_of(self), size, offset);
  return wait_for(file_of(self).core().read_at(offset, size), make_bytes);
}

PyObject* serve_pwrite(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (file.check_open()) file.check_writable();
  return nullptr;
}

std::unique_ptr<pending> begin_pwrite(operation_object& self, const std::shared_ptr<loop_engine>&) {
  auto data = std::make_shared<written>();
  if (PyObject_GetBuffer(self.object, &data->view, PyBUF_SIMPLE) < 0) return nullptr;
  const std::string_view bytes(static_cast<const char*>(data->view.buf),
                               static_cast<std::size_t>(data->view.len));
  const auto offset = static_cast<std::uint64_t>(self.second);
  file& core = file_of(self).core();
  const auto count = [](std::size_t written) { return PyLong_FromSize_t(written); };
  if (bytes.size() < least_shared_bytes)
    return wait_for(core.write_at(offset, std::vector<std::string>{std::string(bytes)}), count);
  return wait_for(core.write_at(offset, shared_bytes{std::move(data), bytes}), count);
}

// ---- What it is ---------------------------------------------------------------------------------

/// What io.FileIO says, whoever is asked.
constexpr const char* closed_descriptor = "I/O operation on closed file";

PyObject* serve_isatty(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!file.check_there(closed_descriptor)) return nullptr;
  return PyBool_FromLong(file.core().is_terminal() ? 1 : 0);
}

PyObject* serve_seekable(operation_object& self) noexcept {
  file_object& file = file_of(self);
  return file.check_there(closed_descriptor) ? PyBool_FromLong(file.core().seekable() ? 1 : 0)
                                             : nullptr;
}

/// What a buffered class cannot do is no question of its descriptor.
bool denies(const file_object& file, bool can) noexcept {
  return !can && file.kind() != file_kind::raw && !(file.is_text() && file.open->detached);
}

PyObject* serve_readable(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (denies(file, file.open->choices.reads())) Py_RETURN_FALSE;
  return file.check_there(closed_descriptor) ? PyBool_FromLong(file.core().readable() ? 1 : 0)
                                             : nullptr;
}

PyObject* serve_writable(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (denies(file, file.open->choices.writes())) Py_RETURN_FALSE;
  return file.check_there(closed_descriptor) ? PyBool_FromLong(file.core().writable() ? 1 : 0)
                                             : nullptr;
}

/// Of what is always served at once: not called.
std::unique_ptr<pending> begin_nothing(operation_object&, const std::shared_ptr<loop_engine>&) {
  PyErr_SetString(PyExc_SystemError, "nothing to wait for");
  return nullptr;
}

}  // namespace

constinit const operation_kind seek_kind{"seek", serve_seek, begin_seek};
constinit const operation_kind tell_kind{"tell", serve_tell, begin_tell};
constinit const operation_kind pread_kind{"pread", serve_pread, begin_pread};
constinit const operation_kind pwrite_kind{"pwrite", serve_pwrite, begin_pwrite};
constinit const operation_kind isatty_kind{"isatty", serve_isatty, begin_nothing};
constinit const operation_kind seekable_kind{"seekable", serve_seekable, begin_nothing};
constinit const operation_kind readable_kind{"readable", serve_readable, begin_nothing};
constinit const operation_kind writable_kind{"writable", serve_writable, begin_nothing};

namespace {

/// A cookie is compared before it is looked at, so what it may be is what can be compared.
bool take_cookie(PyObject* cookie, Py_ssize_t from, Py_ssize_t& offset) noexcept {
  static PyObject* const zero = PyLong_FromLong(0);
  if (from == SEEK_CUR || from == SEEK_END) {
    const int is_zero = PyObject_RichCompareBool(cookie, zero, Py_EQ);
    offset = is_zero == 0 ? 1 : 0;
    return is_zero >= 0;
  }
  if (from == SEEK_SET) {
    const int negative = PyObject_RichCompareBool(cookie, zero, Py_LT);
    if (negative > 0) PyErr_Format(PyExc_ValueError, "negative seek position %R", cookie);
    if (negative != 0) return false;
    const owned whole = steal(PyNumber_Long(cookie));
    if (!whole) return false;
    offset = PyLong_AsSsize_t(whole.ptr());
    return offset != -1 || PyErr_Occurred() == nullptr;
  }
  return true;  // what is wrong is `from`
}

}  // namespace

PyObject* seek_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept {
  const arguments given{"seek", values, count};
  Py_ssize_t offset = 0;
  Py_ssize_t from = 0;
  const bool taken = given.between(1, 2) && given.number(1, 0, from) &&
                     (file_of(self).is_text() ? take_cookie(values[0], from, offset)
                                              : given.offset(0, file_of(self).kind(), offset));
  if (!taken) return raise_when_awaited(&file_of(self));
  return make_operation(seek_kind, &file_of(self), nullptr, offset, from);
}

PyObject* pread_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept {
  const arguments given{"pread", values, count};
  Py_ssize_t size = 0;
  Py_ssize_t offset = 0;
  if (!given.between(2, 2) || !given.number(0, 0, size) || !given.number(1, 0, offset))
    return raise_when_awaited(&file_of(self));
  if (size < 0 || offset < 0) {
    PyErr_SetString(PyExc_ValueError, "pread() takes a size and an offset of zero or more");
    return raise_when_awaited(&file_of(self));
  }
  return make_operation(pread_kind, &file_of(self), nullptr, size, offset);
}

PyObject* pwrite_method(PyObject* self, PyObject* const* values, Py_ssize_t count) noexcept {
  const arguments given{"pwrite", values, count};
  Py_ssize_t offset = 0;
  if (!given.between(2, 2) || !given.number(1, 0, offset))
    return raise_when_awaited(&file_of(self));
  const bool is_bytes = PyObject_CheckBuffer(values[0]) != 0;
  if (!is_bytes || offset < 0) {
    PyErr_SetString(is_bytes ? PyExc_ValueError : PyExc_TypeError,
                    "pwrite() takes bytes and an offset of zero or more");
    return raise_when_awaited(&file_of(self));
  }
  return make_operation(pwrite_kind, &file_of(self), values[0], 0, offset);
}

PyObject* fileno_method(PyObject* self, PyObject*) noexcept {
  file_object& file = file_of(self);
  if (file.open->closed || file.open->detached) {
    file.check_open_slowly(closed_descriptor);
    return nullptr;
  }
  // Whoever asks for it may use it: it is where the file is, and later calls look where it went.
  if (file.core().seekable()) {
    if (std::exchange(file.open->shared, true)) file.buffers().follow_position();
    file.open->usual = false;
    file.buffers().share_position();
  }
  return PyLong_FromLong(file.core().native_handle());
}

PyObject* readable_method(PyObject* self, PyObject*) noexcept {
  file_object& file = file_of(self);
  if (denies(file, file.open->choices.reads())) Py_RETURN_FALSE;
  if (file.open->closed || file.open->detached) {
    file.check_open_slowly(closed_descriptor);
    return nullptr;
  }
  return PyBool_FromLong(file.core().readable() ? 1 : 0);
}

}  // namespace ringfiles::python
