// read, readline and their like. Each is served from the file's buffers if they suffice, and is a
// scan of the file if not.
#include <algorithm>

#include "errors.hpp"
#include "methods.hpp"
#include "scanners.hpp"

namespace ringfiles::python {
namespace {

std::size_t limit_of(Py_ssize_t size) noexcept {
  return size < 0 ? no_limit : static_cast<std::size_t>(size);
}

/// `method`: as io.BufferedWriter names what it refuses, closed or not.
bool may_read(operation_object& self, const char* closed_message,
              const char* method = "read") noexcept {
  file_object& file = file_of(self);
  if (file.only_writes()) return raise_unsupported(method), false;
  return file.check_open(closed_words(file, closed_message)) && file.check_readable();
}

PyObject* empty(const file_object& file) noexcept {
  return file.is_text() ? PyUnicode_New(0, 0) : PyBytes_FromStringAndSize(nullptr, 0);
}

// ---- read ---------------------------------------------------------------------------------------

/// More is read past the buffer.
constexpr std::size_t most_through_buffer = 8192;

/// Characters that are as many bytes: ASCII, and nothing to translate.
PyObject* plain_characters(file_object& file, std::string_view bytes) noexcept {
  if (!is_ascii(bytes)) return nullptr;
  if (file.format().is_universal()) {
    if (bytes.find('\r') != std::string_view::npos) return nullptr;
    if (bytes.find('\n') != std::string_view::npos) file.open->window.see_newlines(seen_lf);
  }
  return make_ascii(bytes);
}

/// -1 reads all; below that only the buffered classes refuse.
void refuse_odd_size(const file_object& file, Py_ssize_t size) noexcept {
  if (size < -1 && !file.is_text())
    PyErr_SetString(PyExc_ValueError, "read length must be non-negative or -1");
}

PyObject* serve_read(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!may_read(self, "read of closed file")) return nullptr;
  if (self.number == 0) return empty(file);
  if (self.number < 0) return refuse_odd_size(file, self.number), nullptr;
  detail::file_buffers& buffers = file.buffers();
  const auto wanted = static_cast<std::size_t>(self.number);
  std::string_view there = buffers.readable();
  if (there.size() < wanted && wanted <= most_through_buffer && buffers.fetch())
    there = buffers.readable();
  if (there.size() < wanted) return nullptr;
  PyObject* made = file.is_text() ? plain_characters(file, there.substr(0, wanted))
                                  : PyBytes_FromStringAndSize(there.data(), self.number);
  if (made == nullptr) return nullptr;
  file.open->has_read = true;
  buffers.consume(wanted);
  return made;
}

std::unique_ptr<pending> begin_read(operation_object& self, const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  if (!file.is_text()) return wait_for_scan(file, scan_bytes(limit_of(self.number)));
  return wait_for_scan(
      file, self.number < 0 ? scan_text(file) : scan_characters(file, limit_of(self.number)));
}

// ---- Without a buffer, or with one read of it at the most ---------------------------------------

PyObject* serve_read1(operation_object& self) noexcept {
  if (!may_read(self, "read of closed file", "read1")) return nullptr;
  return self.number == 0 ? empty(file_of(self)) : nullptr;
}

PyObject* serve_read_raw(operation_object& self) noexcept {
  if (!may_read(self, "read of closed file")) return nullptr;
  return self.number == 0 ? empty(file_of(self)) : nullptr;
}

PyObject* serve_peek(operation_object& self) noexcept {
  may_read(self, "peek of closed file");
  return nullptr;
}

std::unique_ptr<pending> begin_read1(operation_object& self, const std::shared_ptr<loop_engine>&) {
  // A size that open() was given is the most that comes at once, as in CPython.
  const std::size_t chosen = file_of(self).buffers().chosen_bytes();
  if (self.number < 0 && chosen > 0) self.number = static_cast<Py_ssize_t>(chosen);
  return wait_for_scan(file_of(self), scan_at_hand(limit_of(self.number), false));
}

std::unique_ptr<pending> begin_peek(operation_object& self, const std::shared_ptr<loop_engine>&) {
  return wait_for_scan(file_of(self), scan_at_hand(no_limit, true));
}

/// What was read ahead is forgotten: the next read is to see the file as it will be then.
class raw_scan final : public pending {
 public:
  raw_scan(file_object& file, std::unique_ptr<pending> scan) noexcept
      : file_(file), scan_(std::move(scan)) {}
  detail::call_base& call() noexcept override { return scan_->call(); }
  PyObject* result(PyObject* filename) noexcept override {
    PyObject* made = scan_->result(filename);
    if (file_.core().seekable()) file_.open->buffers.forget();
    return made;
  }

 private:
  file_object& file_;  // the awaitable keeps it
  std::unique_ptr<pending> scan_;
};

std::unique_ptr<pending> begin_raw(file_object& file, std::unique_ptr<python_scanner> by) {
  std::unique_ptr<pending> scan = wait_for_scan(file, std::move(by));
  if (!scan) return nullptr;
  return std::make_unique<raw_scan>(file, std::move(scan));
}

/// read(n) of a regular file is one pread(2) of n bytes, short only at the end, which is what
/// scan_bytes() makes; of a pipe, whatever is there.
std::unique_ptr<pending> begin_read_raw(operation_object& self,
                                        const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  const bool whole = self.number < 0 || file.core().seekable();
  return begin_raw(
      file, whole ? scan_bytes(limit_of(self.number)) : scan_at_hand(limit_of(self.number), false));
}

PyObject* serve_readall(operation_object& self) noexcept {
  may_read(self, "read of closed file");
  return nullptr;
}

std::unique_ptr<pending> begin_readall(operation_object& self,
                                       const std::shared_ptr<loop_engine>&) {
  return begin_raw(file_of(self), scan_bytes(no_limit));
}

// ---- readinto -----------------------------------------------------------------------------------

PyObject* serve_readinto(operation_object& self) noexcept {
  may_read(self, "readinto of closed file");
  return nullptr;
}

std::unique_ptr<pending> begin_readinto(operation_object& self,
                                        const std::shared_ptr<loop_engine>&) {
  return wait_for_scan(file_of(self), scan_into(self.object, false));
}

std::unique_ptr<pending> begin_readinto1(operation_object& self,
                                         const std::shared_ptr<loop_engine>&) {
  return wait_for_scan(file_of(self), scan_into(self.object, true, "readinto1"));
}

std::unique_ptr<pending> begin_readinto_raw(operation_object& self,
                                            const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  return begin_raw(file, scan_into(self.object, !file.core().seekable()));
}

// ---- Lines --------------------------------------------------------------------------------------

PyObject* line_at_hand(file_object& file) noexcept {
  PyObject* line = file.open->window.next(file.open->buffers, file.format());
  if (line != nullptr) file.open->has_read = true;
  return line;
}

PyObject* serve_readline(operation_object& self) noexcept {
  file_object& file = file_of(self);
  // io.IOBase.readline, which these have, looks at nothing if it is to read nothing.
  if (self.number == 0 && (file.only_writes() || file.kind() == file_kind::raw)) return empty(file);
  if (!may_read(self, "readline of closed file")) return nullptr;
  if (self.number == 0) return empty(file);
  if (self.number > 0 || file.kind() == file_kind::raw) return nullptr;
  return line_at_hand(file);
}

std::unique_ptr<pending> begin_readline(operation_object& self,
                                        const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  auto by = scan_line(file, limit_of(self.number));
  return file.kind() == file_kind::raw ? begin_raw(file, std::move(by))
                                       : wait_for_scan(file, std::move(by));
}

PyObject* serve_lines(operation_object& self) noexcept {
  if (file_of(self).check_open()) may_read(self, "");
  return nullptr;
}

std::unique_ptr<pending> begin_readlines(operation_object& self,
                                         const std::shared_ptr<loop_engine>&) {
  file_object& file = file_of(self);
  // As in Python, a hint of zero means none, and so many characters are not yet enough.
  auto by = scan_lines(file, self.number <= 0 ? no_limit : limit_of(self.number) + 1, false);
  return file.kind() == file_kind::raw ? begin_raw(file, std::move(by))
                                       : wait_for_scan(file, std::move(by));
}

std::unique_ptr<pending> begin_lines(operation_object& self, const std::shared_ptr<loop_engine>&) {
  return wait_for_scan(file_of(self), scan_lines(file_of(self), no_limit, true));
}

// ---- Iteration ----------------------------------------------------------------------------------

PyObject* serve_next(operation_object& self) noexcept {
  file_object& file = file_of(self);
  if (!may_read(self, "readline of closed file")) return nullptr;
  if (file.kind() == file_kind::raw) return nullptr;
  return line_at_hand(file);
}

/// An empty line ends the iteration.
class next_line final : public pending {
 public:
  next_line(file_object& file, std::unique_ptr<pending> line) noexcept
      : file_(file), line_(std::move(line)) {}
  detail::call_base& call() noexcept override { return line_->call(); }
  PyObject* result(PyObject* filename) noexcept override {
    PyObject* line = line_->result(filename);
    if (line == nullptr || PyObject_Size(line) != 0) return line;
    Py_DECREF(line);
    file_.open->window.release();
    PyErr_SetNone(PyExc_StopAsyncIteration);
    return nullptr;
  }

 private:
  file_object& file_;
  std::unique_ptr<pending> line_;
};

std::unique_ptr<pending> begin_next(operation_object& self,
                                    const std::shared_ptr<loop_engine>& engine) {
  self.number = -1;
  return std::make_unique<next_line>(file_of(self), begin_readline(self, engine));
}

}  // namespace

constinit const operation_kind read_kind{"read", serve_read, begin_read};
constinit const operation_kind read1_kind{"read1", serve_read1, begin_read1};
constinit const operation_kind read_raw_kind{"read", serve_read_raw, begin_read_raw};
constinit const operation_kind readall_kind{"readall", serve_readall, begin_readall};
constinit const operation_kind readline_kind{"readline", serve_readline, begin_readline};
constinit const operation_kind readlines_kind{"readlines", serve_lines, begin_readlines};
constinit const operation_kind lines_kind{"lines", serve_lines, begin_lines};
constinit const operation_kind readinto_kind{"readinto", serve_readinto, begin_readinto};
constinit const operation_kind readinto1_kind{"readinto1", serve_readinto, begin_readinto1};
constinit const operation_kind readinto_raw_kind{"readinto", serve_readinto, begin_readinto_raw};
constinit const operation_kind peek_kind{"peek", serve_peek, begin_peek};
constinit const operation_kind next_kind{"__anext__", serve_next, begin_next};

PyObject* next_line_operation(PyObject* self) noexcept {
  return make_operation(next_kind, &file_of(self));
}

}  // namespace ringfiles::python
