"""Raw system calls for the self-test: asynchronous reads by libaio, the set-up of an io_uring.

Python has no call for either, and the tools must be proved without the library under test. Linux
asynchronous reads of a FUSE file in direct mode are what io_uring makes of them, too: background
requests, which the kernel counts and limits apart from those of a waiting thread.
"""

import ctypes
import mmap
import os
import platform
import struct

# Call numbers of x86-64; io_uring's is the same everywhere.
NR_IO_SETUP, NR_IO_DESTROY, NR_IO_GETEVENTS, NR_IO_SUBMIT = 206, 207, 208, 209
NR_IO_URING_SETUP = 425
IOCB_CMD_PREAD = 0
EVENT_BYTES = 32
PARAMS_BYTES = 120  # struct io_uring_params
BLOCK = 4096

_libc = ctypes.CDLL(None, use_errno=True)


def _call(number, *arguments):
    result = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def has_aio():
    return platform.machine() == "x86_64"


class AsyncReads:
    """Reads of one block each, of files opened with O_DIRECT, all in flight at the same time."""

    def __init__(self, capacity):
        self._context = ctypes.c_ulong(0)
        self._memory = mmap.mmap(-1, capacity * BLOCK)  # aligned as O_DIRECT wants it
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._blocks = []
        self._used = 0
        _call(NR_IO_SETUP, ctypes.c_uint(capacity), ctypes.byref(self._context))

    def submit(self, fd, offset=0):
        target = self._address + self._used * BLOCK
        self._used += 1
        block = ctypes.create_string_buffer(struct.pack(
            "<QIIHhIQQqQII", 0, 0, 0, IOCB_CMD_PREAD, 0, fd, target, BLOCK, offset, 0, 0, 0))
        self._blocks.append(block)
        pointers = (ctypes.c_void_p * 1)(ctypes.addressof(block))
        _call(NR_IO_SUBMIT, self._context, ctypes.c_long(1), pointers)

    def results(self, count, timeout_s):
        """Up to `count` results (bytes read or -errno), waiting at most so long for all of them."""
        events = ctypes.create_string_buffer(count * EVENT_BYTES)
        limit = struct.pack("<qq", int(timeout_s), int(timeout_s % 1 * 1e9))
        got = _call(NR_IO_GETEVENTS, self._context, ctypes.c_long(count), ctypes.c_long(count),
                    events, limit)
        return [struct.unpack_from("<QQqq", events, index * EVENT_BYTES)[2] for index in range(got)]

    def close(self):
        """Waits for what is in flight."""
        _call(NR_IO_DESTROY, self._context)


def io_uring_setup_errno():
    """0 when the kernel makes a ring for this process, else the errno."""
    params = ctypes.create_string_buffer(PARAMS_BYTES)
    try:
        os.close(_call(NR_IO_URING_SETUP, ctypes.c_uint(4), params))
    except OSError as error:
        return error.errno
    return 0


if __name__ == "__main__":
    raise SystemExit(io_uring_setup_errno())
