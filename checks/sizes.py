#!/usr/bin/env python3
"""A ratchet on sizes: files, functions and lines. Usage: sizes.py [ROOT] [--tighten]

What is over a limit may be held in checks/sizes_baseline.json with the size it has. It may shrink
and never grow; --tighten writes down what has shrunk. New entries are made by hand, with a reason
in the commit.
"""

import json
import sys

import _functions
import _tree

FILE_LINES = 400
PUBLIC_HEADER_LINES = 300  # a header should be about 100: one idea each
EXAMPLE_LINES = 60
FUNCTION_LINES = 70
LINE_WIDTH = 100

PYTHON_ENDINGS = (".py",)
SCRIPT_ENDINGS = (".cmake", ".sh")
SCRIPT_NAMES = ("scripts/", ".ci/", "CMakeLists.txt")
BASELINE = "checks/sizes_baseline.json"


def is_measured(name):
    endings = _tree.CPP_ENDINGS + PYTHON_ENDINGS + SCRIPT_ENDINGS
    return name.endswith(endings) or name.startswith(SCRIPT_NAMES)


def allowed_lines(name):
    if name.startswith("include/"):
        return PUBLIC_HEADER_LINES
    if name.startswith("examples/") and name.endswith(_tree.CPP_ENDINGS):
        return EXAMPLE_LINES
    return FILE_LINES


def functions_of(name, text):
    if name.endswith(_tree.CPP_ENDINGS):
        return _functions.in_cpp(text)
    if name.endswith(PYTHON_ENDINGS):
        return _functions.in_python(text)
    return ()


def sins_of(name, text):
    """Yields (key of the baseline, size, limit, line, words) for all that is over a limit."""
    lines = text.split("\n")
    count = len(lines) - (1 if lines[-1] == "" else 0)
    if count > allowed_lines(name):
        yield name, count, allowed_lines(name), 1, "lines in this file"
    for function, line, size in functions_of(name, text):
        if size > FUNCTION_LINES:
            yield f"{name}:{function}", size, FUNCTION_LINES, line, f"lines in {function}"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_WIDTH:
            yield f"{name}:width", len(line), LINE_WIDTH, number, "columns in this line"


def read_baseline(root):
    path = root / BASELINE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def tighten(root, baseline, worst):
    """Keeps of the old sins what is still there, at its size of today."""
    kept = {key: min(size, worst[key]) for key, size in baseline.items() if key in worst}
    (root / BASELINE).write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


def main():
    root = _tree.root_from_arguments()
    baseline, worst, complaints = read_baseline(root), {}, _tree.Complaints()
    names = [name for name in _tree.all_files(root) if is_measured(name)]
    for name in names:
        for key, size, limit, line, words in sins_of(name, _tree.text_of(root, name) or ""):
            worst[key] = max(size, worst.get(key, 0))
            held = max(limit, baseline.get(key, 0))
            if size > held:
                complaints.add(name, line, f"{size} {words}, {held} are allowed")
    if "--tighten" in sys.argv:
        tighten(root, baseline, worst)
    complaints.finish("sizes", len(names))


if __name__ == "__main__":
    main()
