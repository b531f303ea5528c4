"""What the checks share: the files of the tree, and how a complaint is made."""

import os
import re
import subprocess
import sys
from pathlib import Path

CPP_ENDINGS = (".cpp", ".hpp", ".h", ".cc", ".ipp")
UNTRACKED_FOLDERS = {".git", "build", "__pycache__", ".cache"}
# Comments, raw strings, strings and characters, in the order in which they must be tried. A
# digit separator (1'000) is no character, hence the look-behind.
NOT_CODE = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


class Complaints:
    """Collects `file:line: why` and ends the check."""

    def __init__(self):
        self.lines = []

    def add(self, name, line, why):
        self.lines.append(f"{name}:{line}: {why}")

    def finish(self, check, seen):
        for line in self.lines:
            print(line)
        verdict = f"{len(self.lines)} complaints" if self.lines else "fine"
        print(f"{check}: {seen} files, {verdict}")
        sys.exit(1 if self.lines else 0)


def root_from_arguments():
    """The tree to check: the one argument, or the one this file lives in."""
    plain = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    return Path(plain[0] if plain else Path(__file__).parent.parent).resolve()


def all_files(root):
    """Names, relative to the root, of what git tracks or would; without git, of all files."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
            capture_output=True, check=True, text=True)
        names = sorted(set(filter(None, listed.stdout.split("\0"))))
        return [name for name in names if (root / name).is_file()]
    return sorted(walk(root))


def walk(root):
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in UNTRACKED_FOLDERS]
        for file in files:
            yield (Path(folder) / file).relative_to(root).as_posix()


def cpp_files(root, *folders):
    """C++ files, of the given top folders only when there are any."""
    prefixes = tuple(folder.rstrip("/") + "/" for folder in folders)
    return [name for name in all_files(root)
            if name.endswith(CPP_ENDINGS) and (not prefixes or name.startswith(prefixes))]


def text_of(root, name):
    """The file's text, or None when it is not text."""
    try:
        return (root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def blank(text):
    """Spaces of the same shape, so that line numbers stay true."""
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """C++ text with comments, strings and characters blanked."""
    return NOT_CODE.sub(lambda found: blank(found.group()), text)


def without_comments(text):
    """C++ text with comments blanked and strings kept."""
    def keep_strings(found):
        return blank(found.group()) if found.group().startswith("/") else found.group()
    return NOT_CODE.sub(keep_strings, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
