#include "written.hpp"

#include "errors.hpp"
#include "methods.hpp"

namespace ringfiles::python {

bool prepare(file_object& file, PyObject* data, written& into) noexcept {
  if (file.is_text()) {
    into.counted = PyUnicode_GET_LENGTH(data);
    return encode(file.format(), data, into.made, into.bytes);
  }
  if (PyObject_GetBuffer(data, &into.view, PyBUF_SIMPLE) < 0) return false;
  into.bytes = {static_cast<const char*>(into.view.buf), static_cast<std::size_t>(into.view.len)};
  into.counted = into.view.len;
  return true;
}

bool check_data(file_object& file, PyObject* data) noexcept {
  if (file.is_text()) {
    if (PyUnicode_Check(data)) return true;
    PyErr_Format(PyExc_TypeError, "write() argument must be str, not %.200s",
                 type_of_argument(data));
    return false;
  }
  if (file.kind() == file_kind::buffered && !file.open->choices.writes())
    return raise_unsupported("write"), false;
  if (PyObject_CheckBuffer(data) != 0) return true;
  PyErr_Format(PyExc_TypeError, "a bytes-like object is required, not '%.200s'",
               Py_TYPE(data)->tp_name);
  return false;
}

bool may_write(file_object& file) noexcept {
  return file.check_open(closed_words(file, "write to closed file")) && file.check_writable();
}

namespace {

class flushing final : public pending {
 public:
  flushing(operation<void> flush, owned result) noexcept
      : flush_(std::move(flush)), result_(std::move(result)) {}

  detail::call_base& call() noexcept override { return *flush_.call().get(); }
  PyObject* result(PyObject* filename) noexcept override {
    try {
      flush_.call()->take();
    } catch (const error& failure) {
      if (failure.code() != make_error_code(errc::closed)) return raise(failure, filename), nullptr;
    }
    return result_.release().ptr();
  }

 private:
  operation<void> flush_;
  owned result_;
};

}  // namespace

std::unique_ptr<pending> flush_behind(file_object& file, owned result) {
  return std::make_unique<flushing>(file.core().flush(), std::move(result));
}

}  // namespace ringfiles::python
