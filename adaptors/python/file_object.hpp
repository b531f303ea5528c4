// An open file as a Python object: the base of the package's file classes.
//
// Four types share it: TextFile, BufferedFile, ReadableFile and RawFile. They have the methods; the
// classes of the package, which derive from them, have the names and the places that aiofiles gave
// them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "line_window.hpp"
#include "loop_engine.hpp"
#include "operation_object.hpp"
#include "python.hpp"
#include "ringfiles/detail/buffers.hpp"
#include "ringfiles/file.hpp"
#include "text_format.hpp"

namespace ringfiles::python {

enum class file_kind : unsigned char { text, buffered, raw };

/// What open() was asked for, already checked.
struct file_choices {
  file_kind kind = file_kind::buffered;
  std::string core_mode;  ///< of the core: always binary
  owned name;             ///< as the attribute `name` tells it
  owned mode;             ///< likewise
  owned encoding;         ///< text only
  owned errors;           ///< text only: a str
  text_format format;     ///< `errors` points into `errors`
  owned type;             ///< the class to make
  bool line_buffering = false;
  bool write_through = false;        ///< each write is flushed
  bool buffering_by_default = true;  ///< a terminal is line-buffered then

  bool reads() const noexcept { return core_mode.front() == 'r' || core_mode.back() == '+'; }
  bool writes() const noexcept { return core_mode != "rb"; }
  bool appends() const noexcept { return core_mode.front() == 'a'; }
};

/// What an open file has beside its Python head. Made when it was opened.
struct file_state_of_python {
  ringfiles::file file;
  detail::file_buffers buffers;
  std::shared_ptr<loop_engine> engine;
  file_choices choices;
  line_window window;
  bool closed = false;
  bool detached = false;
  bool has_read = false;  ///< text, since the last seek: the encoding is settled
  bool shared = false;    ///< others may use the descriptor: each call looks where it is
  bool usual = true;      ///< none of these
  bool warned = false;    ///< of being dropped while it was open
  /// While the iterator of a writelines() runs: what that has taken and not handed over.
  std::string* gathered = nullptr;

  /// What is left to do happens in the background; the memory of the core's file is given back.
  void close() noexcept {
    closed = true;
    usual = false;
    window.release();
    buffers = {};
    file = {};
  }
};

struct file_object {
  PyObject_HEAD file_state_of_python* open;  ///< owned; null only while it is being made
  PyObject* name;                            ///< borrowed from it

  /// Sets RuntimeError if this is another loop than the one it was opened in.
  bool belongs_to(const loop_engine& engine) const noexcept;
  const text_format& format() const noexcept { return open->choices.format; }
  file_kind kind() const noexcept { return open->choices.kind; }
  bool is_text() const noexcept { return open->choices.kind == file_kind::text; }
  /// io.BufferedWriter, which refuses to read before it looks at anything else.
  bool only_writes() const noexcept {
    return kind() == file_kind::buffered && !open->choices.reads();
  }

  /// Sets an exception and gives false if it is closed or detached, or if it belongs to a loop that
  /// is closed, or not the last that this thread used.
  bool check_open(const char* closed_message = "I/O operation on closed file.") noexcept {
    if (open->usual && open->engine.get() == loop_engine::latest() && !open->engine->is_closed())
        [[likely]]
      return true;
    return check_open_slowly(closed_message);
  }
  bool check_open_slowly(const char* closed_message) noexcept;
  /// The same for what does not touch the file.
  bool check_there(const char* closed_message) noexcept;
  bool follow_descriptor() noexcept;
  /// Sets io.UnsupportedOperation in the words of the type.
  bool check_readable(const char* method = "read") const noexcept;
  bool check_writable() const noexcept;

  ringfiles::file& core() noexcept { return open->file; }
  /// From within the iterator of a writelines() under way: the lines up to here go to the core.
  /// Blocks.
  void hand_over_lines();

  /// The core's buffers, with what the window took accounted for.
  detail::file_buffers& buffers() noexcept {
    open->window.settle(open->buffers);
    return open->buffers;
  }
};

/// Adds the types to the module. False with an exception set.
bool add_file_types(PyObject* module);
/// A file over `opened`; it takes it over.
PyObject* make_file(ringfiles::file&& opened, const std::shared_ptr<loop_engine>& engine,
                    const file_choices& choices) noexcept;

inline file_object& file_of(PyObject* self) noexcept {
  return *reinterpret_cast<file_object*>(self);
}

// The methods of each type, by file: read_methods.cpp, write_methods.cpp, position_methods.cpp.
extern PyMethodDef text_methods[];
extern PyMethodDef buffered_methods[];
extern PyMethodDef readable_methods[];  ///< of ReadableFile, beside those of BufferedFile
extern PyMethodDef raw_methods[];
/// am_anext.
PyObject* next_line_operation(PyObject* self) noexcept;

}  // namespace ringfiles::python
