#!/usr/bin/env python3
"""Shows each check of checks/ a small bad tree and sees it complain, and a good one and sees not.

Prints PASS or FAIL for each case, as the runner of the tests reads it.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKS = Path(__file__).resolve().parents[2] / "checks"


class Tree:
    """A scratch tree: Tree({"src/a.cpp": "…"}).check("sizes") gives (status, complaints)."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory(prefix="ringfiles-check-")
        self.root = Path(self.folder.name).resolve()
        for name, text in files.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def check(self, check, *options):
        ran = subprocess.run(
            [sys.executable, str(CHECKS / f"{check}.py"), str(self.root), *options],
            capture_output=True, text=True, timeout=60)
        assert not ran.stderr, ran.stderr
        return ran.returncode, ran.stdout.splitlines()[:-1]


class CheckCase(unittest.TestCase):
    check = ""

    def assert_fine(self, files):
        self.assertEqual(Tree(files).check(self.check), (0, []))

    def assert_complains(self, files, *places):
        """Exactly one complaint for each `file:line` given, in any order."""
        status, lines = Tree(files).check(self.check)
        found = sorted(":".join(line.split(":")[:2]) for line in lines)
        self.assertEqual((status, found), (1, sorted(places)), lines)


class IncludeDirection(CheckCase):
    check = "include_direction"

    def assert_include(self, name, include, fine, **others):
        files = {"include/ringfiles/file.hpp": "", "src/base/fd.hpp": "", "src/sys/calls.hpp": "",
                 "src/engine/core.hpp": "", "src/text/lines.hpp": "",
                 "adaptors/asio/include/ringfiles/asio.hpp": "",
                 "tools/logagg/options.hpp": "", name: f"#pragma once\n#include {include}\n"}
        if fine:
            self.assert_fine(files)
        else:
            self.assert_complains(files, f"{name}:2")

    def test_a_floor_may_look_down(self):
        self.assert_include("src/engine/x.cpp", '"sys/calls.hpp"', True)
        self.assert_include("src/file/x.cpp", '"text/lines.hpp"', True)
        self.assert_include("src/sys/x.cpp", "<liburing.h>", True)
        self.assert_include("src/engine/x.cpp", "<ringfiles/file.hpp>", True)

    def test_a_floor_may_not_look_up(self):
        self.assert_include("src/base/x.cpp", '"sys/calls.hpp"', False)
        self.assert_include("src/backend/uring/x.cpp", '"engine/core.hpp"', False)
        self.assert_include("src/base/x.cpp", '"../sys/calls.hpp"', False)

    def test_text_and_stream_know_only_base(self):
        self.assert_include("src/text/x.cpp", '"base/fd.hpp"', True)
        self.assert_include("src/text/x.cpp", '"sys/calls.hpp"', False)
        self.assert_include("src/stream/x.cpp", '"text/lines.hpp"', False)
        self.assert_include("src/stream/x.cpp", "<fcntl.h>", False)

    def test_a_folder_that_is_no_floor_is_named(self):
        self.assert_include("src/cellar/x.cpp", '"base/fd.hpp"', False)

    def test_public_headers_know_the_standard_library_alone(self):
        self.assert_include("include/ringfiles/x.hpp", "<optional>", True)
        self.assert_include("include/ringfiles/x.hpp", '"ringfiles/file.hpp"', True)
        self.assert_include("include/ringfiles/x.hpp", "<unistd.h>", False)
        self.assert_include("include/ringfiles/x.hpp", '"base/fd.hpp"', False)
        self.assert_include("include/ringfiles/x.hpp", "<ringfiles/asio.hpp>", False)

    def test_doors_tools_and_examples_stay_outside(self):
        self.assert_include("examples/x.cpp", "<ringfiles/asio.hpp>", True)
        self.assert_include("tools/logagg/x.cpp", '"logagg/options.hpp"', True)
        self.assert_include("examples/x.cpp", '"../src/base/fd.hpp"', False)
        self.assert_include("tools/logagg/x.cpp", '"engine/core.hpp"', False)
        self.assert_include("adaptors/asio/src/x.cpp", '"engine/core.hpp"', False)
        self.assert_include("examples/x.cpp", "<ringfiles/absent.hpp>", False)

    def test_foreign_libraries_have_their_places(self):
        self.assert_include("src/backend/uring/x.cpp", "<liburing.h>", True)
        self.assert_include("src/engine/x.cpp", "<liburing.h>", False)
        self.assert_include("src/engine/x.cpp", '"liburing.h"', False)
        self.assert_include("tests/asio/x.cpp", "<boost/asio.hpp>", True)
        self.assert_include("tests/unit/x.cpp", "<boost/asio.hpp>", False)

    def test_the_python_door_knows_python_and_the_public_headers(self):
        for fine in ("<Python.h>", "<nanobind/stl/string.h>", "<vector>", '"ringfiles/file.hpp"'):
            self.assert_include("adaptors/python/x.cpp", fine, True)
        for wrong in ('"sys/calls.hpp"', "<unistd.h>", "<boost/asio.hpp>", "<ringfiles/asio.hpp>"):
            self.assert_include("adaptors/python/x.cpp", wrong, False)
        self.assert_include("src/engine/x.cpp", "<Python.h>", False)
        self.assert_include("include/ringfiles/x.hpp", "<nanobind/nanobind.h>", False)

    def test_a_commented_include_counts_not(self):
        self.assert_fine({"src/base/x.cpp": '// #include "sys/calls.hpp"\n'})


class Sizes(CheckCase):
    check = "sizes"

    @staticmethod
    def function(lines, head="int answer() {"):
        return head + "\n" + "  step();\n" * (lines - 2) + "}\n"

    def test_sizes_at_the_limit_are_fine(self):
        self.assert_fine({"src/base/x.cpp": self.function(70), "examples/x.cpp": "\n" * 60,
                          "include/ringfiles/x.hpp": "\n" * 300, "src/base/y.cpp": "\n" * 400,
                          "src/base/z.cpp": "/" * 100 + "\n"})

    def test_a_long_function_is_named(self):
        heads = ("int answer() {", "template <class T>\nvoid answer(T x) {", "X::X() : a_{1} {",
                 "struct x {\nbool answer() const noexcept {", "task<int> answer(int x = {}) {")
        for head in heads:
            first = 2 if head.startswith("struct") else 1
            self.assert_complains({"src/base/x.cpp": self.function(72, head)},
                                  f"src/base/x.cpp:{first}")

    def test_braces_in_strings_and_comments_do_not_count(self):
        text = 'int a() {\n  return f("{", R"(")}{)"); // {\n}\n'
        self.assert_fine({"src/base/x.cpp": text + self.function(60) + self.function(60)})

    def test_a_long_class_of_short_functions_is_fine(self):
        body = "  int value() const { return 1; }\n" * 100
        self.assert_fine({"src/base/x.hpp": f"namespace a {{\nclass b : c {{\n{body}}};\n}}\n"})

    def test_a_long_python_function_is_named(self):
        self.assert_complains({"scripts/x.py": "\ndef f():\n" + "    pass\n" * 70},
                              "scripts/x.py:2")

    def test_long_files_and_wide_lines_are_named(self):
        self.assert_complains(
            {"src/base/x.cpp": "\n" * 401, "examples/x.cpp": "\n" * 61,
             "include/ringfiles/x.hpp": "\n" * 301, "cmake/x.cmake": "\n" + "#" * 101},
            "src/base/x.cpp:1", "examples/x.cpp:1", "include/ringfiles/x.hpp:1", "cmake/x.cmake:2")

    def test_old_sins_may_stay_but_not_grow(self):
        baseline = json.dumps({"src/base/x.cpp": 410})
        for lines, status in ((410, 0), (405, 0), (411, 1)):
            tree = Tree({"src/base/x.cpp": "\n" * lines, "checks/sizes_baseline.json": baseline})
            self.assertEqual(tree.check("sizes")[0], status, lines)

    def test_tighten_writes_down_what_has_shrunk(self):
        baseline = {"src/base/x.cpp": 410, "src/base/gone.cpp": 500}
        tree = Tree({"src/base/x.cpp": "\n" * 405,
                     "checks/sizes_baseline.json": json.dumps(baseline)})
        tree.check("sizes", "--tighten")
        kept = json.loads((tree.root / "checks/sizes_baseline.json").read_text())
        self.assertEqual(kept, {"src/base/x.cpp": 405})


class EveryTestBuilt(CheckCase):
    check = "every_test_built"
    lists = 'ringfiles_add_tests(unit_tests tests/unit NEEDS x)\n' \
            'file(GLOB tools CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/tools/*.cpp")\n'

    def test_files_in_the_built_folders_are_fine(self):
        self.assert_fine({"cmake/tests.cmake": self.lists, "tests/unit/x.cpp": "",
                          "tests/tools/x.cpp": "", "tests/consumer/main.cpp": ""})

    def test_a_file_in_another_folder_is_named(self):
        self.assert_complains({"cmake/tests.cmake": self.lists, "tests/units/x.cpp": ""},
                              "tests/units/x.cpp:1")

    def configured(self, compiled, skipped=""):
        tree = Tree({"cmake/tests.cmake": self.lists, "tests/unit/x.cpp": "",
                     "build/release/ringfiles_tests.txt": skipped})
        os.utime(tree.root / "tests/unit/x.cpp", (1, 1))
        entries = [{"file": str(tree.root / name)} for name in compiled]
        tree.write("build/release/compile_commands.json", json.dumps(entries))
        return tree.check("every_test_built")[0]

    def test_a_file_without_a_compile_command_is_named(self):
        self.assertEqual(self.configured(["tests/unit/x.cpp"]), 0)
        self.assertEqual(self.configured([]), 1)

    def test_a_file_that_is_left_out_with_a_reason_is_fine(self):
        self.assertEqual(self.configured([], "skipped tests/unit/x.cpp no fuse3\n"), 0)


class Words(CheckCase):
    check = "words"

    def test_banned_words_are_named(self):
        mark, place, host = "TO" "DO", "/wo" "rk/main", "py" "pi.org"
        self.assert_complains({"a.md": f"\n{mark}: later\n", "scripts/b": f"cd {place}\n",
                               "c.cpp": f"// see {host}\n"}, "a.md:2", "scripts/b:1", "c.cpp:1")

    def test_words_that_only_look_like_it_are_fine(self):
        self.assert_fine({"a.cpp": 'mkstemp("x' + "X" * 6 + '"); // home/wo' 'rk/x PyPI\n'})

    def test_samples_may_hold_what_they_hold(self):
        self.assert_fine({"samples/logs/a.log": "TO" "DO\n"})


class PlatformIfs(CheckCase):
    check = "platform_ifs"

    def test_conditions_on_the_platform_are_named(self):
        self.assert_complains(
            {"src/file/a.cpp": "\n#ifdef __linux__\n#endif\n",
             "include/ringfiles/b.hpp": "#if defined(__APPLE__) || 1\n#endif\n",
             "src/engine/c.cpp": "#if 0\n#elif \\\n RINGFILES_HAS_URING\n#endif\n",
             "tools/x/d.cpp": "#if __has_include(<sys/inotify.h>)\n#endif\n"},
            "src/file/a.cpp:2", "include/ringfiles/b.hpp:1", "src/engine/c.cpp:2",
            "tools/x/d.cpp:1")

    def test_the_seam_and_the_compiler_are_fine(self):
        self.assert_fine({"src/sys/a.cpp": "#ifdef __linux__\n#endif\n",
                          "src/backend/b.cpp": "#if RINGFILES_HAS_URING\n#endif\n",
                          "src/file/c.cpp": "#ifdef __clang__\n#endif\n"})


class RawSyscalls(CheckCase):
    check = "raw_syscalls"

    def test_system_calls_are_named(self):
        self.assert_complains(
            {"src/file/a.cpp": "\nint x = ::open(p, 0);\n", "src/fs/b.cpp": "preadv2(x, y);\n",
             "src/engine/c.cpp": "io_uring_submit(&ring);\n", "src/file/d.cpp": "close(fd_);\n",
             "tools/x/e.cpp": "auto n = read(file.fd, buffer, 1);\n"},
            "src/file/a.cpp:2", "src/fs/b.cpp:1", "src/engine/c.cpp:1", "src/file/d.cpp:1",
            "tools/x/e.cpp:1")

    def test_the_seam_and_our_own_names_are_fine(self):
        self.assert_fine(
            {"src/sys/a.cpp": "::open(p, 0);\n", "src/backend/uring/b.cpp": "io_uring_submit(r);\n",
             "src/file/c.cpp": "sys::close(fd);\nfile.close(fd);\nauto x = file::open(path);\n",
             "src/file/d.hpp": "void close(int fd);\noperation<void> fsync();\n",
             "src/file/e.cpp": '// ::open(x)\nconst char* s = "::open(x)";\n'})


class Readme(CheckCase):
    check = "readme"
    example = "int main() {\n  // region: heart\n  beat();\n  // endregion\n}\n"

    def page(self, order, code):
        return {"examples/x.cpp": self.example,
                "README.md": f"# x\n<!-- file: {order} -->\n```cpp\n{code}```\n"}

    def test_true_quotes_are_fine(self):
        self.assert_fine(self.page("examples/x.cpp", "int main() {\n  beat();\n}\n"))
        self.assert_fine(self.page("examples/x.cpp#heart", "beat();\n"))

    def test_a_stale_quote_is_named_with_its_line(self):
        self.assert_complains(
            self.page("examples/x.cpp", "int main() {\n  stop();\n}\n"), "README.md:5")
        self.assert_complains(self.page("examples/x.cpp#heart", "stop();\n"), "README.md:4")

    def test_a_quote_of_python_is_a_function(self):
        files = {"examples/python/x.py": "import x\n\nasync def f(a):\n    b\n\n    c\n\nx()\n"}
        page = "<!-- file: examples/python/x.py#f -->\n```python\n%s```\n"
        self.assert_fine({**files, "README.md": page % "async def f(a):\n    b\n\n    c\n"})
        self.assert_complains({**files, "README.md": page % "async def f(a):\n    c\n"},
                              "README.md:4")

    def test_a_quote_of_nothing_is_named(self):
        self.assert_complains(self.page("examples/gone.cpp", "x\n"), "README.md:2")
        self.assert_complains(self.page("examples/x.cpp#lung", "x\n"), "README.md:2")
        self.assert_complains({"README.md": "<!-- file: examples/x.cpp -->\ntext\n"}, "README.md:1")

    def test_links_must_resolve(self):
        self.assert_fine({"README.md": "[a](docs/a.md#x) [b](#c) `[c](d)`\n",
                          "docs/a.md": "[back](../README.md)\n```\n[x](y)\n```\n"})
        self.assert_complains({"docs/a.md": "\n[b](b.md)\n", "README.md": "[c]: gone.md\n"},
                              "docs/a.md:2", "README.md:1")


class Printing(unittest.TestResult):
    """One line for each case, in the words that scripts/run_tests.py counts."""

    def addSuccess(self, test):
        print(f"PASS {self.name(test)}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f"FAIL {self.name(test)}: {err[1]}".replace("\n", " "))

    addError = addFailure

    @staticmethod
    def name(test):
        return ".".join(test.id().split(".")[-2:])


if __name__ == "__main__":
    outcome = Printing()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]).run(outcome)
    sys.exit(0 if outcome.wasSuccessful() and outcome.testsRun else 1)
