#!/usr/bin/env python3
"""Folders are floors: an include may only go down. Usage: include_direction.py [ROOT]"""

import posixpath
import re

import _tree

# What each floor of src/ may include besides itself and the public headers.
FLOORS = {
    "base": set(),
    "sys": {"base"},
    "backend": {"base", "sys"},
    "engine": {"base", "sys", "backend"},
    "stream": {"base"},
    "text": {"base"},
    "file": {"base", "sys", "backend", "engine", "stream", "text"},
    "fs": {"base", "sys", "backend", "engine", "stream", "text", "file"},
}
# Floors that know the standard library alone; the others may know the system's headers too.
STANDARD_ONLY = ("include/ringfiles/", "src/base/", "src/stream/", "src/text/", "adaptors/python/")
# A foreign header, and where alone it may be included.
FOREIGN = [
    (re.compile(r"liburing(\.h|/)"), ("src/backend/uring/", "src/sys/",
                                         "tests/tools/careless_ring.cpp")),
    (re.compile(r"boost/"),
     ("adaptors/asio/", "tests/asio/", "tests/consumer/", "examples/", "bench/", "tools/")),
    (re.compile(r"(Python\.h|structmember\.h|nanobind/)"), ("adaptors/python/",)),
    (re.compile(r"simdjson\.h"), ("src/text/", "tests/", "bench/")),
    (re.compile(r"iconv\.h"), ("src/text/",)),
]
# Headers (or, with a slash, folders of them) beyond the standard's that one floor or file may
# know, and why.
GRANTED = {
    "src/text/": {"simdjson.h", "iconv.h"},  # decoding is what this floor is for
    "src/text/avx2.cpp": {"immintrin.h"},    # the processor's vectors by their names
    "src/text/avx512.cpp": {"immintrin.h"},
    "src/base/owned_fd.cpp": {"unistd.h"},   # closes the library's own descriptors
    "src/base/fork_guard.cpp": {"pthread.h"},  # the standard library knows no fork
    "adaptors/python/": {"Python.h", "structmember.h", "nanobind/"},  # the door to Python
}
OUTER_FOLDERS = ("adaptors/", "tools/", "examples/")
C_HEADERS = set(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal"
    " stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string tgmath time uchar"
    " wchar wctype".split())
STANDARD_NAME = re.compile(r"^(experimental/)?[a-z_0-9]+$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)


def is_standard(header):
    if header.endswith(".h"):
        return header[:-2] in C_HEADERS
    return bool(STANDARD_NAME.match(header))


def floor_of(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


class Tree:
    def __init__(self, root):
        self.files = set(_tree.all_files(root))

    def is_public(self, header):
        return "include/" + header in self.files

    def is_door(self, header):
        return any(name.startswith("adaptors/") and name.endswith("/include/" + header)
                   for name in self.files)

    def is_door_of(self, name, header):
        return "/".join(name.split("/")[:2]) + "/include/" + header in self.files

    def resolve(self, name, header):
        """Where a quoted include leads, as the compiler would look it up."""
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), header))
        roots = [beside] + [root + header for root in self.include_roots(name)]
        return next((path for path in roots if path in self.files), None)

    @staticmethod
    def include_roots(name):
        parts = name.split("/")
        if parts[0] == "adaptors" and len(parts) > 2:
            door = "/".join(parts[:2])
            return [f"{door}/include/", f"{door}/src/", f"{door}/", "include/"]
        if parts[0] == "tools" and len(parts) > 2:
            return ["tools/", f"tools/{parts[1]}/", "include/"]
        return ["include/", "src/"]


def why_foreign(name, header):
    """Why this file may not include that foreign header, or None."""
    for pattern, homes in FOREIGN:
        if pattern.match(header) and not name.startswith(homes):
            return f"<{header}> belongs only in {', '.join(homes)}"
    if not name.startswith(STANDARD_ONLY) or is_standard(header):
        return None
    folder = header.split("/")[0] + "/"
    granted = any(name.startswith(place) and (header in headers or folder in headers)
                  for place, headers in GRANTED.items())
    if granted:
        return None
    return f"<{header}> is not of the standard library, which is all this floor may know"


def why_public(tree, name, header):
    """Why this file may not include <ringfiles/…>, or None."""
    if tree.is_public(header):
        return None
    if not tree.is_door(header):
        return f"there is no public header {header}"
    if name.startswith(("src/", "include/")):
        return f"{header} belongs to a door: the core knows no foreign loop"
    if name.startswith("adaptors/") and not tree.is_door_of(name, header):
        return f"{header} belongs to another door"
    return None


def why_private(tree, name, header):
    """Why this file may not include "…", or None."""
    target = tree.resolve(name, header)
    if name.startswith("include/"):
        return None if target and target.startswith("include/") else (
            f'"{header}": public headers include only ringfiles/ and the standard library')
    if name.startswith("src/"):
        return why_floor(floor_of(name), target, header)
    if name.startswith(OUTER_FOLDERS):
        return why_outer(name, target, header)
    return None


def why_floor(floor, target, header):
    if floor not in FLOORS:
        return f"src/{floor or ''} is no floor: see FLOORS in checks/include_direction.py"
    if target is None or not target.startswith("src/"):
        return f'"{header}" is not found below src/'
    below = floor_of(target)
    if below == floor or below in FLOORS[floor]:
        return None
    return f'"{header}": {floor} may not know {below}'


def why_outer(name, target, header):
    """Doors, tools and examples: their own folder and the public headers."""
    own = "/".join(name.split("/")[:1 if name.startswith("examples/") else 2]) + "/"
    if target and target.startswith((own, "include/")):
        return None
    return f'"{header}": code outside src/ uses the public headers and its own folder only'


def why_not(tree, name, angle, quoted):
    header = angle or quoted
    if header.startswith("ringfiles/"):
        return why_public(tree, name, header)
    if angle:
        return why_foreign(name, header)
    return why_private(tree, name, header) or why_foreign_quoted(tree, name, header)


def why_foreign_quoted(tree, name, header):
    """Quotes make a foreign header no less foreign."""
    if tree.resolve(name, header):
        return None
    return next((f'"{header}" belongs only in {", ".join(homes)}' for pattern, homes in FOREIGN
                 if pattern.match(header) and not name.startswith(homes)), None)


def main():
    root = _tree.root_from_arguments()
    tree, complaints = Tree(root), _tree.Complaints()
    names = _tree.cpp_files(
        root, "include", "src", "adaptors", "tools", "examples", "bench", "tests")
    for name in names:
        text = _tree.without_comments(_tree.text_of(root, name) or "")
        for found in INCLUDE.finditer(text):
            why = why_not(tree, name, found.group(1), found.group(2))
            if why:
                complaints.add(name, _tree.line_of(text, found.start()), why)
    complaints.finish("include_direction", len(names))


if __name__ == "__main__":
    main()
