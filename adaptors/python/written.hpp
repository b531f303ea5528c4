// What writes are made of, and what a file refuses to write.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "file_object.hpp"
#include "pending.hpp"
#include "python.hpp"

namespace ringfiles::python {

/// Below this, bytes are copied for a write that has to wait; above, their owner is kept.
inline constexpr std::size_t least_shared_bytes = 64 * 1024;

/// Bytes of the caller's, as they go to the file, for as long as it takes.
struct written {
  std::string_view bytes;
  Py_ssize_t counted = 0;  ///< characters or bytes of the caller's
  owned made;              ///< owns `bytes`, if the caller's object does not
  Py_buffer view{};        ///< likewise

  written() = default;
  written(const written&) = delete;
  written& operator=(const written&) = delete;
  ~written() { clear(); }
  void clear() noexcept {
    if (view.obj != nullptr) PyBuffer_Release(&view);
    made.reset();
    bytes = {};
  }
};

/// REQUIRES: check_data(). False with an exception set.
bool prepare(file_object& file, PyObject* data, written& into) noexcept;
/// False with an exception set, in the order in which CPython finds fault: a reader refuses
/// whatever it is given.
bool check_data(file_object& file, PyObject* data) noexcept;
bool may_write(file_object& file) noexcept;

/// The flush behind a write that has ended, and then `result`. If the file was closed in between,
/// that has flushed it, and has told its own caller what went wrong.
std::unique_ptr<pending> flush_behind(file_object& file, owned result);

/// The write of a text that is too long to be encoded at once.
std::unique_ptr<pending> write_long_text(file_object& file, PyObject* text);

}  // namespace ringfiles::python
