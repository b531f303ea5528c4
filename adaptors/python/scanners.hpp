// How reads take bytes from a file: a scanner for each way, which makes the Python object.
//
// take() runs with the GIL, on the loop's thread; what a scanner made, or the exception that it
// met, is handed over by result(). A decoding error takes the bytes that it is about, so that a
// program that goes on after it gets on; they are in the exception (`object`). What does not fit
// into memory takes none.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "file_object.hpp"
#include "pending.hpp"
#include "python.hpp"
#include "ringfiles/scan.hpp"
#include "text_format.hpp"

namespace ringfiles::python {

class python_scanner : public scanner {
 public:
  /// A new reference, or null with the exception set.
  PyObject* result() noexcept {
    if (failure_) return failure_.restore(), nullptr;
    return made_.release().ptr();
  }

 protected:
  scan_verdict end_with(PyObject* made) {
    made_ = steal(made);
    if (made == nullptr) keep_failure();
    return scan_verdict::ended;
  }
  scan_verdict end_with_error() { return end_with(nullptr); }

 private:
  void keep_failure() {
    if (PyErr_ExceptionMatches(PyExc_MemoryError) != 0) {
      PyErr_Clear();
      throw std::bad_alloc();  // the scan has failed then, and consumed nothing
    }
    failure_.save();
  }

  owned made_;
  saved_exception failure_;
};

inline constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

/// The line ends that a read has met are noted in the window of the file.
std::unique_ptr<python_scanner> scan_line(file_object& file, std::size_t limit);
/// `enough`: stop after so many characters; `once`: with what is at hand.
std::unique_ptr<python_scanner> scan_lines(file_object& file, std::size_t enough, bool once);
/// bytes: as many as `limit`, unless the file ends.
std::unique_ptr<python_scanner> scan_bytes(std::size_t limit);
/// bytes: what is at hand, at most `limit`. `peeks`: without taking them.
std::unique_ptr<python_scanner> scan_at_hand(std::size_t limit, bool peeks);
/// int: how many bytes were put into the buffer `into`; `once`: what is at hand will do.
/// Null with an exception set, which names the method, if it is no writable buffer.
std::unique_ptr<python_scanner> scan_into(PyObject* into, bool once,
                                          const char* method = "readinto");
/// str of at most `limit` characters.
std::unique_ptr<python_scanner> scan_characters(file_object& file, std::size_t limit);
/// str of all that follows.
std::unique_ptr<python_scanner> scan_text(file_object& file);

/// The scan as something to wait for. `by` may be null, with an exception set.
std::unique_ptr<pending> wait_for_scan(file_object& file, std::unique_ptr<python_scanner> by);

}  // namespace ringfiles::python
