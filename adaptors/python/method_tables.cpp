// Which methods each type has: the surface of aiofiles, and what goes beyond it.
#include "methods.hpp"

namespace ringfiles::python {

#define RINGFILES_COMMON_METHODS                                                                  \
  {"flush", as_method(plain_method<flush_kind>), METH_NOARGS,                                     \
   "flush() -> None: buffered bytes are with the kernel when it ends. write(2)."},                \
      {"close", as_method(plain_method<close_kind>), METH_NOARGS,                                 \
       "close() -> None: flushes and closes; closed even if it raises. close(2)."},               \
      {"isatty", as_method(plain_method<isatty_kind>), METH_NOARGS, "isatty() -> bool"},          \
      {"seekable", as_method(plain_method<seekable_kind>), METH_NOARGS, "seekable() -> bool"},    \
      {"writable", as_method(plain_method<writable_kind>), METH_NOARGS, "writable() -> bool"},    \
      {"tell", as_method(plain_method<tell_kind>), METH_NOARGS,                                   \
       "tell() -> int: the position, in bytes."},                                                 \
      {"seek", as_method(seek_method), METH_FASTCALL,                                             \
       "seek(offset, whence=0) -> int: the new position. In text, 0 or what tell() gave."},       \
      {"truncate", as_method(truncate_method), METH_FASTCALL,                                     \
       "truncate(size=None) -> int: cuts or extends to `size` bytes (default: the position). "    \
       "ftruncate(2)."},                                                                          \
      {"write", as_method(object_method<write_kind>), METH_O,                                     \
       "write(data) -> int: how many characters or bytes were taken, which is all of them."},     \
      {"writelines", as_method(object_method<writelines_kind>), METH_O,                           \
       "writelines(lines) -> None: all of an iterable, as one write."},                           \
      {"readlines", as_method(size_method<readlines_kind>), METH_FASTCALL,                        \
       "readlines(hint=-1) -> list: the lines that follow; stops after `hint` characters."},      \
      {"lines", as_method(plain_method<lines_kind>), METH_NOARGS,                                 \
       "lines() -> list: the whole lines that are at hand, at least one; empty at the end."},     \
      {"fsync", as_method(plain_method<fsync_kind>), METH_NOARGS,                                 \
       "fsync() -> None: what was written is on the device when it ends. A failure is final for " \
       "this file. fsync(2)."},                                                                   \
      {"pread", as_method(pread_method), METH_FASTCALL,                                           \
       "pread(size, offset) -> bytes: no position is used or moved; as many at once as you "      \
       "like."},                                                                                  \
      {"pwrite", as_method(pwrite_method), METH_FASTCALL,                                         \
       "pwrite(data, offset) -> int: beside the buffer, so flush() first if both are used."},     \
      {"_close_now", as_method(close_now_method), METH_NOARGS,                                    \
       "Closes without being awaited; what is buffered is written in the background."},           \
      {"_settle_now", as_method(settle_now_method), METH_NOARGS,                                  \
       "Writes what is buffered while the loop waits; the position, or None of a FIFO."},         \
      {"_mark_detached", as_method(mark_detached_method), METH_NOARGS,                            \
       "Lets go of the descriptor; every later use is refused."},                                 \
      {"fileno", as_method(fileno_method), METH_NOARGS, "fileno() -> int; not awaited."}

#define RINGFILES_NO_METHOD {nullptr, nullptr, 0, nullptr}

// Of the kinds, which other files define, only the addresses are used.
// NOLINTBEGIN(cppcoreguidelines-interfaces-global-init)
PyMethodDef text_methods[] = {
    RINGFILES_COMMON_METHODS,
    {"read", as_method(size_method<read_kind>), METH_FASTCALL,
     "read(size=-1) -> str: up to `size` characters, all without; empty at the end."},
    {"readline", as_method(number_method<readline_kind>), METH_FASTCALL,
     "readline(limit=-1) -> str: the next line with its end; empty at the end of the file."},
    {"readable", as_method(plain_method<readable_kind>), METH_NOARGS, "readable() -> bool"},
    RINGFILES_NO_METHOD,
};

PyMethodDef buffered_methods[] = {
    RINGFILES_COMMON_METHODS,
    {"read", as_method(size_method<read_kind>), METH_FASTCALL,
     "read(size=-1) -> bytes: up to `size`, fewer only at the end of the file. read(2)."},
    {"readline", as_method(size_method<readline_kind>), METH_FASTCALL,
     "readline(limit=-1) -> bytes: the next line with its end; empty at the end of the file."},
    {"read1", as_method(number_method<read1_kind>), METH_FASTCALL,
     "read1(size=-1) -> bytes: what is at hand, after one read(2) at the most."},
    {"readinto", as_method(object_method<readinto_kind>), METH_O,
     "readinto(buffer) -> int: how many bytes were put into it."},
    {"readable", as_method(readable_method), METH_NOARGS, "readable() -> bool; not awaited."},
    RINGFILES_NO_METHOD,
};

PyMethodDef readable_methods[] = {
    {"readinto1", as_method(object_method<readinto1_kind>), METH_O,
     "readinto1(buffer) -> int: of what is at hand, after one read(2) at the most."},
    {"peek", as_method(number_method<peek_kind>), METH_FASTCALL,
     "peek(size=0) -> bytes: what is at hand; the position stays."},
    RINGFILES_NO_METHOD,
};

PyMethodDef raw_methods[] = {
    RINGFILES_COMMON_METHODS,
    {"read", as_method(size_method<read_raw_kind>), METH_FASTCALL,
     "read(size=-1) -> bytes: one read(2) of `size`; all without a size."},
    {"readline", as_method(size_method<readline_kind>), METH_FASTCALL,
     "readline(limit=-1) -> bytes: the next line with its end; empty at the end of the file."},
    {"readall", as_method(plain_method<readall_kind>), METH_NOARGS,
     "readall() -> bytes: all that follow."},
    {"readinto", as_method(object_method<readinto_raw_kind>), METH_O,
     "readinto(buffer) -> int: how many bytes were put into it."},
    {"readable", as_method(readable_method), METH_NOARGS, "readable() -> bool; not awaited."},
    RINGFILES_NO_METHOD,
};

// NOLINTEND(cppcoreguidelines-interfaces-global-init)

#undef RINGFILES_COMMON_METHODS
#undef RINGFILES_NO_METHOD

}  // namespace ringfiles::python
