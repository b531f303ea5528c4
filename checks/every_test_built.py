#!/usr/bin/env python3
"""Every .cpp below tests/ belongs to a target. Usage: every_test_built.py [ROOT]

The folders come from the calls in cmake/tests.cmake. When build/release was configured after a
file was last changed, the file must also be among its compile commands, or be named in its
ringfiles_tests.txt as left out for want of a library.
"""

import json
import re

import _tree

BUILD_FOLDER = "build/release"
LISTS = "cmake/tests.cmake"
# A project of its own, built by the test that plays the consumer.
OWN_PROJECTS = ("tests/consumer/",)
ADD_TESTS = re.compile(r"ringfiles_add_tests\(\s*\w+\s+(tests/[\w/]+)")
ONE_FOLDER = re.compile(r'file\(GLOB\s+\w+\s+CONFIGURE_DEPENDS\s+"[^"]*?(tests/[\w/]+)/\*\.cpp"')


def built_folders(root):
    """The folders that cmake/tests.cmake turns into targets; ROOT may be a tree without it."""
    path = root / LISTS
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return tuple(folder + "/" for folder in ADD_TESTS.findall(text) + ONE_FOLDER.findall(text))


def compiled_files(root):
    """Files that the last configuration knows, or None when there is none."""
    commands = root / BUILD_FOLDER / "compile_commands.json"
    if not commands.exists():
        return None
    entries = json.loads(commands.read_text(encoding="utf-8"))
    return {entry["file"] for entry in entries}


def files_left_out(root):
    manifest = root / BUILD_FOLDER / "ringfiles_tests.txt"
    lines = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
    return {line.split()[1] for line in lines if line.startswith("skipped ")}


def is_newer(root, name):
    """Whether the file came after the last configuration, which then says nothing about it."""
    configured = (root / BUILD_FOLDER / "compile_commands.json").stat().st_mtime
    return (root / name).stat().st_mtime > configured


def main():
    root = _tree.root_from_arguments()
    complaints = _tree.Complaints()
    folders, compiled, left_out = built_folders(root), compiled_files(root), files_left_out(root)
    names = [name for name in _tree.cpp_files(root, "tests")
             if name.endswith(".cpp") and not name.startswith(OWN_PROJECTS)]
    for name in names:
        if not name.startswith(folders):
            complaints.add(name, 1, f"no target of {LISTS} builds this folder")
        elif compiled is None or name in left_out or is_newer(root, name):
            continue
        elif str(root / name) not in compiled:
            complaints.add(
                name, 1, f"not built by {BUILD_FOLDER}; if that is old: cmake --preset release")
    complaints.finish("every_test_built", len(names))


if __name__ == "__main__":
    main()
