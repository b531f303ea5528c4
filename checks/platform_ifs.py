#!/usr/bin/env python3
"""No #if on the platform outside of src/sys and src/backend. Usage: platform_ifs.py [ROOT]

What differs per system or kernel is decided behind the seam. Conditions on the compiler itself
(__clang__, __SANITIZE_ADDRESS__ …) are not meant.
"""

import re

import _tree

CHECKED = ("include", "src", "adaptors", "tools", "examples")
HOMES = ("src/sys/", "src/backend/")
CONDITION = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b((?:[^\n\\]|\\.)*)",
                       re.MULTILINE | re.DOTALL)
PLATFORM = re.compile(
    r"\b(__linux__|__linux|linux|__unix__|__APPLE__|__MACH__|_WIN32|_WIN64|_MSC_VER|__ANDROID__"
    r"|__FreeBSD__|__OpenBSD__|__NetBSD__|__CYGWIN__|__GLIBC__|__GLIBC_PREREQ|__MUSL__"
    r"|LINUX_VERSION_CODE|RINGFILES_HAS_URING|BOOST_OS_\w+|_POSIX_\w+|_GNU_SOURCE"
    r"|(?:__NR|SYS|IORING|RWF|STATX|RESOLVE|O|AT|EPOLL|MFD|SEEK)_[A-Z_0-9]+)\b"
    r"|__has_include\s*\(\s*[<\"](?:sys/|linux/|liburing|unistd|windows|fcntl)[^)]*\)")


def main():
    root = _tree.root_from_arguments()
    complaints = _tree.Complaints()
    names = [name for name in _tree.cpp_files(root, *CHECKED) if not name.startswith(HOMES)]
    for name in names:
        text = _tree.without_comments(_tree.text_of(root, name) or "")
        for condition in CONDITION.finditer(text):
            found = PLATFORM.search(condition.group(1))
            if found:
                complaints.add(name, _tree.line_of(text, condition.start()),
                               f"{found.group()}: platforms differ only in {', '.join(HOMES)}")
    complaints.finish("platform_ifs", len(names))


if __name__ == "__main__":
    main()
