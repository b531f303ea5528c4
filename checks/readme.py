#!/usr/bin/env python3
"""What the manuals quote and link to is there. Usage: readme.py [ROOT]

Checked are README.md, the other manuals beside it, and docs/. A fence ```cpp after the comment

    <!-- file: examples/copy.cpp -->            must equal that file,
    <!-- file: examples/copy.cpp#together -->   must equal its region of that name:

the lines between `// region: together` and `// endregion`, less the indent they share. Marks of
regions are left out of what is quoted. In Python, #together is the function of that name. Links to
places in this repository must resolve.
"""

import posixpath
import re
import textwrap
from urllib.parse import unquote

import _tree

QUOTE = re.compile(
    r"^<!-- file: (?P<file>[^\s#]+)(?:#(?P<region>[\w-]+))? -->\n+```\w*\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL)
ORDER = re.compile(r"^<!-- file:.*$", re.MULTILINE)
FENCE = re.compile(r"^[ ]*(```|~~~).*?^[ ]*\1[^\n]*$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
MARK = re.compile(r"^[ \t]*// (?:region: [\w-]+|endregion)[ \t]*\n", re.MULTILINE)


def is_manual(name):
    return name.endswith(".md") and ("/" not in name or name.startswith("docs/"))


def function_of(text, name):
    """The lines of a function of a Python file, or None."""
    found = re.search(rf"^(?:async )?def {re.escape(name)}\(.*?(?=^\S|\Z)", text,
                      re.MULTILINE | re.DOTALL)
    return found.group() if found else None


def region_of(text, region):
    """The lines of a region, or None when the file has none of that name."""
    mark = re.escape(region)
    found = re.search(rf"^[ \t]*// region: {mark}[ \t]*\n(.*?)^[ \t]*// endregion",
                      text, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(found.group(1)) if found else None


def quoted_source(root, file, region):
    """(text, why not): what the fence must hold."""
    if not (root / file).is_file():
        return None, f"{file} is not there"
    text = _tree.text_of(root, file)
    if region:
        text = (function_of if file.endswith(".py") else region_of)(text, region)
        if text is None:
            return None, f"{file} has no region {region}"
    return MARK.sub("", text), None


def first_difference(quote, source):
    left, right = quote.split("\n"), source.split("\n")
    return next((at for at, pair in enumerate(zip(left, right)) if pair[0] != pair[1]),
                min(len(left), len(right)) - 1)


def check_quotes(root, name, text, complaints):
    fulfilled = set()
    for found in QUOTE.finditer(text):
        fulfilled.add(found.start())
        source, why = quoted_source(root, found["file"], found["region"])
        if source is None:
            complaints.add(name, _tree.line_of(text, found.start()), why)
        elif source.strip("\n") != found["text"].strip("\n"):
            line = _tree.line_of(text, found.start("text"))
            line += first_difference(found["text"].strip("\n"), source.strip("\n"))
            complaints.add(name, line, f"differs here from {found['file']}")
    for found in ORDER.finditer(text):
        if found.start() not in fulfilled:
            complaints.add(name, _tree.line_of(text, found.start()), "no code fence follows")


def resolves(root, name, target):
    path = unquote(target.split("#")[0])
    if not path or re.match(r"[a-z][a-z0-9+.-]*:", path):
        return True  # a heading of this page, or another site
    base = "" if path.startswith("/") else posixpath.dirname(name)
    return (root / posixpath.normpath(posixpath.join(base, path.lstrip("/")))).exists()


def check_links(root, name, text, complaints):
    prose = FENCE.sub(lambda found: _tree.blank(found.group()), text)
    prose = CODE_SPAN.sub(lambda found: _tree.blank(found.group()), prose)
    for found in LINK.finditer(prose):
        target = found.group(1) or found.group(2)
        if not resolves(root, name, target):
            complaints.add(name, _tree.line_of(prose, found.start()), f"{target} leads nowhere")


def main():
    root = _tree.root_from_arguments()
    complaints = _tree.Complaints()
    names = [name for name in _tree.all_files(root) if is_manual(name)]
    for name in names:
        text = _tree.text_of(root, name) or ""
        check_quotes(root, name, text, complaints)
        check_links(root, name, text, complaints)
    complaints.finish("readme", len(names))


if __name__ == "__main__":
    main()
