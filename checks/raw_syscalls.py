#!/usr/bin/env python3
"""System calls are made only in src/sys and src/backend. Usage: raw_syscalls.py [ROOT]

Found are calls that name the global scope (::pread(…)), calls that no name of our own resembles
(io_uring_…, pwritev2 …), and calls by a plain name whose first argument looks like a descriptor.
"""

import re

import _tree

CHECKED = ("include", "src", "adaptors", "tools", "examples")
HOMES = ("src/sys/", "src/backend/")
# Closes the library's own descriptors only; a wrapper there would make base know sys.
GRANTED = {"src/base/owned_fd.cpp": {"close"}}

FILE_CALLS = (
    "open open64 openat openat2 creat close close_range read readv pread pread64 preadv preadv2"
    " write writev pwrite pwrite64 pwritev pwritev2 lseek lseek64 fsync fdatasync syncfs sync"
    " sync_file_range truncate ftruncate fallocate posix_fallocate posix_fadvise readahead"
    " copy_file_range sendfile splice stat lstat fstat fstatat statx statfs fstatfs statvfs"
    " fstatvfs access faccessat rename renameat renameat2 link linkat symlink symlinkat unlink"
    " unlinkat mkdir mkdirat rmdir readlink readlinkat chmod fchmod fchmodat chown fchown"
    " fchownat utimensat futimens opendir fdopendir readdir closedir getdents64 dup dup2 dup3"
    " fcntl ioctl flock pipe pipe2 mkfifo mkstemp mmap munmap madvise msync poll ppoll select"
    " epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd timerfd_create timerfd_settime"
    " signalfd inotify_init1 inotify_add_watch memfd_create syscall fopen fclose fread fwrite"
    " fflush").split()
UNMISTAKABLE = (
    "io_uring_\\w+ open64 openat openat2 pread64 preadv2 pwrite64 pwritev2 sync_file_range"
    " fdatasync syncfs posix_fallocate posix_fadvise copy_file_range fstatat statx renameat2"
    " getdents64 dup3 fcntl ioctl pipe2 mmap munmap epoll_create1 epoll_ctl epoll_wait"
    " epoll_pwait eventfd timerfd_create timerfd_settime inotify_init1 memfd_create syscall"
).split()

GLOBAL_CALL = re.compile(r"(?<![\w>:])::\s*(" + "|".join(FILE_CALLS) + r"|io_uring_\w+)\s*\(")
PLAIN_CALL = re.compile(r"(?<![\w.>:~])(" + "|".join(UNMISTAKABLE) + r")\s*\(")
DESCRIPTOR_CALL = re.compile(
    r"(?<![\w.>:~])(" + "|".join(FILE_CALLS) + r")\s*\(\s*[\w.:>()-]*(?:fd|descriptor)_?\b")


def calls_in(code):
    """Yields (offset, name) of what looks like a system call, each place once."""
    places = {}
    for pattern in (GLOBAL_CALL, PLAIN_CALL, DESCRIPTOR_CALL):
        for found in pattern.finditer(code):
            places.setdefault(found.start(1), found.group(1))
    return sorted(places.items())


def main():
    root = _tree.root_from_arguments()
    complaints = _tree.Complaints()
    names = [name for name in _tree.cpp_files(root, *CHECKED) if not name.startswith(HOMES)]
    for name in names:
        code = _tree.code_only(_tree.text_of(root, name) or "")
        for offset, call in calls_in(code):
            if call not in GRANTED.get(name, ()):
                complaints.add(name, _tree.line_of(code, offset),
                               f"{call}() is called only in {', '.join(HOMES)}")
    complaints.finish("raw_syscalls", len(names))


if __name__ == "__main__":
    main()
