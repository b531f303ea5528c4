"""The file that is written beside another to take its place.

As in the core (src/fs/temporary_file.hpp): it holds a lock on itself for as long as it exists under
its own name. A process that is killed lets go of the lock, and the next writer of the same path, in
whichever language, removes what it has left.
"""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from typing import Any

_NUMBERED_NAMES = 64
_MOST_STEM_BYTES = 224  # a name may have 255, of which the longest suffix takes 27


@contextlib.contextmanager
def beside(path: Any, mode: str, options: Any) -> Iterator[tuple[Any, str]]:
    """The new file, open in `mode` ("x…") and empty, and its name. On an error it is removed.

    Who renames it does so before the end: afterwards its name may be another writer's.
    """
    file, name = _make(os.fsdecode(path), mode, options)
    with file, _removed_on_error(name):
        yield file, name


def _make(path: str, mode: str, options: Any) -> tuple[Any, str]:
    for name in _names(path):
        _remove_abandoned(name)
        try:
            # Exclusively, so that the umask makes the permissions of a new file, as `open` does.
            file = builtins.open(name, mode, **options)  # noqa: SIM115
        except FileExistsError:
            continue
        if _keep(file.fileno()):
            break
        file.close()
    return file, name


def _names(path: str) -> Iterator[str]:
    folder, name = os.path.split(os.fsencode(path))
    stem = os.fsdecode(os.path.join(folder, name[:_MOST_STEM_BYTES]))
    for number in range(_NUMBERED_NAMES):
        yield f"{stem}.ringfiles-{number}"
    while True:
        yield f"{stem}.ringfiles-{secrets.token_hex(8)}"


def _lock(descriptor: int) -> bool | None:
    """None where a file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _keep(descriptor: int) -> bool:
    """False if somebody took the new file for abandoned before it was locked."""
    return _lock(descriptor) is not False and os.fstat(descriptor).st_nlink > 0


def _open_existing(name: str) -> int:
    careful = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(name, os.O_WRONLY | careful)
    except PermissionError:  # a writer's file may allow its owner nothing but reading
        return os.open(name, os.O_RDONLY | careful)


def _remove_abandoned(name: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = _open_existing(name)
        try:
            opened = os.fstat(descriptor)
            # Who has the lock of a file that still has this name is alone with it.
            if (stat.S_ISREG(opened.st_mode) and _lock(descriptor)
                    and os.path.samestat(opened, os.lstat(name))):
                os.unlink(name)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _removed_on_error(path: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise
