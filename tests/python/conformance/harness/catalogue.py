"""Which tests are tried: methods of CPython's modules about files, as this interpreter has them.

A module is here when its tests open files themselves, or test a module that does nothing else.
Whether a method really reaches an open() is not told by a list, it is found out: see outcomes.py.
"""

import importlib.util
import re
import unittest

# What io promises, and the two modules that are about nothing but opening files: this is the bar.
FILES = (
    "test_bufio", "test_file", "test_file_eintr", "test_fileinput", "test_fileio", "test_io",
    "test_largefile", "test_tempfile", "test_univnewlines",
)

# Modules of the standard library that live from open(): the longer form. Their tests show what a
# file meets in programs: copied, packed, parsed, wrapped, given away.
USERS = (
    "test_array", "test_bz2", "test_codecs", "test_configparser", "test_csv", "test_dbm_dumb",
    "test_filecmp", "test_gzip", "test_linecache", "test_lzma", "test_mailbox",
    "test_marshal", "test_mmap", "test_netrc", "test_os", "test_pathlib", "test_pickle",
    "test_plistlib", "test_shutil", "test_tarfile", "test_urllib", "test_wave",
    "test_zipfile",
)

# Gigabytes are copied: the longer form only.
HEAVY = re.compile(r"test_largefile\.Test(Copyfile|SocketSendfile)\..*")

METHOD = re.compile(r"test_\w+\.\w+\.\w+")  # else a doctest, or a module that skips itself
PYTHON_TWIN = re.compile(r"Py[A-Z]")  # the same tests of _pyio, which opens files by itself


def is_wanted(name, wider):
    return wider or not HEAVY.fullmatch(name)


def modules(wider):
    return FILES + USERS if wider else FILES


def is_shipped(module):
    """Debian keeps most of the package `test` in a package of its own."""
    try:
        return importlib.util.find_spec("test." + module) is not None
    except ModuleNotFoundError:
        return False


def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


def tests_of(module):
    """The test methods of a module by name: module.Class.method. ERRORS: ImportError."""
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromName("test." + module)
    if loader.errors:
        raise ImportError(loader.errors[0].strip().splitlines()[-1])
    found = {}
    for test in _flat(suite):
        name = test.id()[len("test."):]
        if METHOD.fullmatch(name) and not PYTHON_TWIN.match(name.split(".")[1]):
            found[name] = test
    return found
