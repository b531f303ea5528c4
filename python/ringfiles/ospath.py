"""Coroutine versions of the functions of `os.path` that look at the disk: one hop each."""

from __future__ import annotations

from os import path

from .base import wrap

__all__ = [
    "abspath",
    "exists",
    "expanduser",
    "getatime",
    "getctime",
    "getmtime",
    "getsize",
    "isdir",
    "isfile",
    "islink",
    "ismount",
    "lexists",
    "realpath",
    "samefile",
    "sameopenfile",
]

abspath = wrap(path.abspath)  # asks for the working directory
exists = wrap(path.exists)
expanduser = wrap(path.expanduser)  # may ask the user database
getatime = wrap(path.getatime)
getctime = wrap(path.getctime)
getmtime = wrap(path.getmtime)
getsize = wrap(path.getsize)
isdir = wrap(path.isdir)
isfile = wrap(path.isfile)
islink = wrap(path.islink)
ismount = wrap(path.ismount)
lexists = wrap(path.lexists)
realpath = wrap(path.realpath)
samefile = wrap(path.samefile)
sameopenfile = wrap(path.sameopenfile)
