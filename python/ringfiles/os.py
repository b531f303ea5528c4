"""Coroutine versions of functions of `os`: each is one hop to a thread.

Arguments, results and errors are those of `os`, and each takes `loop=` and `executor=` as well.
Two differ: `scandir` has read all entries before it returns, and `walk` is an asynchronous
iterator. What the platform lacks is missing here.
"""

from __future__ import annotations

import os
from functools import wraps

from . import _folders
from . import ospath as path
from ._folders import walk
from .base import wrap

__all__ = [
    "access",
    "chmod",
    "fsync",
    "getcwd",
    "listdir",
    "lstat",
    "makedirs",
    "mkdir",
    "path",
    "readlink",
    "remove",
    "removedirs",
    "rename",
    "renames",
    "replace",
    "rmdir",
    "scandir",
    "stat",
    "symlink",
    "truncate",
    "unlink",
    "utime",
    "walk",
    "wrap",
]

access = wrap(os.access)
chmod = wrap(os.chmod)
fsync = wrap(os.fsync)
getcwd = wrap(os.getcwd)
listdir = wrap(os.listdir)
lstat = wrap(os.lstat)
makedirs = wrap(os.makedirs)
mkdir = wrap(os.mkdir)
readlink = wrap(os.readlink)
remove = wrap(os.remove)
removedirs = wrap(os.removedirs)
rename = wrap(os.rename)
renames = wrap(os.renames)
replace = wrap(os.replace)
rmdir = wrap(os.rmdir)
scandir = wrap(wraps(os.scandir)(_folders.scandir))
stat = wrap(os.stat)
symlink = wrap(os.symlink)
truncate = wrap(os.truncate)
unlink = wrap(os.unlink)
utime = wrap(os.utime)

if hasattr(os, "chown"):
    __all__ += ["chown"]
    chown = wrap(os.chown)
if hasattr(os, "copy_file_range"):
    __all__ += ["copy_file_range"]
    copy_file_range = wrap(os.copy_file_range)
if hasattr(os, "fdatasync"):
    __all__ += ["fdatasync"]
    fdatasync = wrap(os.fdatasync)
if hasattr(os, "link"):
    __all__ += ["link"]
    link = wrap(os.link)
if hasattr(os, "mkfifo"):
    __all__ += ["mkfifo"]
    mkfifo = wrap(os.mkfifo)
if hasattr(os, "sendfile"):
    __all__ += ["sendfile"]
    sendfile = wrap(os.sendfile)
if hasattr(os, "statvfs"):
    __all__ += ["statvfs"]
    statvfs = wrap(os.statvfs)
