#include <algorithm>
#include <cstring>

#include "methods.hpp"
#include "ringfiles/detail/huge_pages.hpp"
#include "scanners.hpp"

namespace ringfiles::python {
namespace {

/// A read of less is put together in the file's buffer: asking for the size costs a system call.
constexpr std::size_t least_sized_bytes = 64 * 1024;
/// What is made for a read whose end is not known.
constexpr std::size_t first_guess_bytes = 64 * 1024;
class byte_scanner final : public python_scanner {
 public:
  explicit byte_scanner(std::size_t limit) noexcept : limit_(limit) {}

  bool wants_size() const noexcept override { return limit_ >= least_sized_bytes; }
  void expect(std::uint64_t bytes) override {
    expected_ = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, limit_));
  }

  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    const std::string_view wanted = bytes.substr(0, limit_ - size_);
    if (!make_room(wanted.size(), final)) return end_with_error();
    if (!wanted.empty()) std::memcpy(memory() + size_, wanted.data(), wanted.size());
    size_ += wanted.size();
    used = wanted.size();
    if (size_ < limit_ && !final) return scan_verdict::direct;
    PyObject* made = bytes_.release().ptr();
    if (static_cast<Py_ssize_t>(size_) != PyBytes_GET_SIZE(made))
      _PyBytes_Resize(&made, static_cast<Py_ssize_t>(size_));
    return end_with(made);
  }

  std::span<char> room() noexcept override {
    if (!bytes_) return {};
    return {memory() + size_, std::min(capacity_, limit_) - size_};
  }
  void filled(std::size_t bytes) override { size_ += bytes; }

 private:
  char* memory() const noexcept { return PyBytes_AS_STRING(bytes_.ptr()); }

  /// What is expected, at once; then twice as much whenever that was too little.
  bool make_room(std::size_t more, bool final) noexcept {
    const std::size_t needed = size_ + more;
    if (bytes_ && needed <= capacity_) return true;
    std::size_t wanted = final ? needed : std::max(needed, first_guess_bytes);
    if (!bytes_ && expected_ != 0) wanted = std::max(wanted, expected_);
    if (bytes_ && !final) wanted = std::max(wanted, 2 * capacity_);
    return resize(std::min(wanted, limit_));
  }

  bool resize(std::size_t capacity) noexcept {
    PyObject* memory = bytes_.release().ptr();
    if (memory == nullptr)
      memory = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(capacity));
    else
      _PyBytes_Resize(&memory, static_cast<Py_ssize_t>(capacity));
    bytes_ = steal(memory);
    capacity_ = capacity;
    if (memory != nullptr) detail::prefer_huge_pages(PyBytes_AS_STRING(memory), capacity);
    return memory != nullptr;
  }

  const std::size_t limit_;
  std::size_t expected_ = 0;
  owned bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

class at_hand_scanner final : public python_scanner {
 public:
  at_hand_scanner(std::size_t limit, bool peeks) noexcept : limit_(limit), peeks_(peeks) {}

  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    if (bytes.empty() && !final && limit_ > 0) return scan_verdict::more;
    const std::size_t size = std::min(bytes.size(), limit_);
    if (!peeks_) used = size;
    return end_with(PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(size)));
  }

 private:
  const std::size_t limit_;
  const bool peeks_;
};

/// The caller's memory is filled here only, never by the kernel: it may be told "cancelled" and use
/// it for something else while the kernel still reads.
class into_scanner final : public python_scanner {
 public:
  explicit into_scanner(bool once) noexcept : once_(once) {}
  ~into_scanner() override {
    if (into_.obj != nullptr) PyBuffer_Release(&into_);
  }
  bool hold(PyObject* into, const char* method) noexcept {
    if (PyObject_GetBuffer(into, &into_, PyBUF_WRITABLE) == 0) return true;
    if (PyErr_ExceptionMatches(PyExc_BufferError) != 0 ||
        PyErr_ExceptionMatches(PyExc_TypeError) != 0)
      PyErr_Format(PyExc_TypeError, "%s() argument must be read-write bytes-like object, not %.50s",
                   method, type_of_argument(into));
    return false;
  }

  scan_verdict take(std::string_view bytes, bool final, std::size_t& used) override {
    const auto capacity = static_cast<std::size_t>(into_.len);
    used = std::min(bytes.size(), capacity - size_);
    if (used > 0) std::memcpy(static_cast<char*>(into_.buf) + size_, bytes.data(), used);
    size_ += used;
    const bool enough = size_ == capacity || (once_ && size_ > 0);
    if (!enough && !final) return scan_verdict::more;
    return end_with(PyLong_FromSize_t(size_));
  }

 private:
  Py_buffer into_{};
  std::size_t size_ = 0;
  const bool once_;
};

}  // namespace

std::unique_ptr<python_scanner> scan_bytes(std::size_t limit) {
  return std::make_unique<byte_scanner>(limit);
}

std::unique_ptr<python_scanner> scan_at_hand(std::size_t limit, bool peeks) {
  return std::make_unique<at_hand_scanner>(limit, peeks);
}

std::unique_ptr<python_scanner> scan_into(PyObject* into, bool once, const char* method) {
  auto made = std::make_unique<into_scanner>(once);
  if (!made->hold(into, method)) return nullptr;
  return made;
}

std::unique_ptr<pending> wait_for_scan(file_object& file, std::unique_ptr<python_scanner> by) {
  if (!by) return nullptr;
  file.buffers();  // settles the window
  file.open->has_read = true;
  return wait_for(scan(file.core(), std::move(by)), [](std::unique_ptr<scanner> ended) {
    return static_cast<python_scanner&>(*ended).result();
  });
}

}  // namespace ringfiles::python
