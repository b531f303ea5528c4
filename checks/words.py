#!/usr/bin/env python3
"""Words and paths that no file may hold. Usage: words.py [ROOT]

Paths of one machine, host names of package registries, and marks of unfinished work: what is
left to do belongs in an issue.
"""

import re

import _tree

# Data that others wrote, and texts of law.
EXEMPT = ("samples/", "LICENSE")

# Spelled in parts, so that this file passes its own check.
PLACES = ["/wo" "rk/", "/tmp/bash" "_jobs"]
HOSTS = [
    "py" "pi.org", "python" "hosted.org", "crates" ".io", "npm" "js.org", "proxy.go" "lang.org",
    "maven" ".org", "maven.apache" ".org", "deb.deb" "ian.org", "security.deb" "ian.org",
    "snapshot.deb" "ian.org",
]
MARKS = ["TO" "DO", "FIX" "ME", "X" "XX"]


def pattern_of(start, words, end):
    return re.compile(start + "(" + "|".join(map(re.escape, words)) + ")" + end)


RULES = [
    (pattern_of(r"(?<![\w.-])", PLACES, ""), "a path of one machine"),
    (pattern_of(r"(?<!\w)", HOSTS, r"(?!\w)"), "the host of a package registry"),
    (pattern_of(r"\b", MARKS, r"\b"), "a mark of unfinished work"),
]


def main():
    root = _tree.root_from_arguments()
    complaints = _tree.Complaints()
    names = [name for name in _tree.all_files(root) if not name.startswith(EXEMPT)]
    for name in names:
        for number, line in enumerate((_tree.text_of(root, name) or "").split("\n"), 1):
            for pattern, why in RULES:
                for found in pattern.finditer(line):
                    complaints.add(name, number, f"{found.group(1)}: {why}")
    complaints.finish("words", len(names))


if __name__ == "__main__":
    main()
