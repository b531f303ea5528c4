"""Finds the functions of a C++ or Python file and how long each is.

The C++ side is no parser: it reads code without comments and strings, walks the braces that stand
outside of functions, and calls a block a function when the words before it look like one. A lambda
or a local class counts as part of the function that holds it.
"""

import ast
import re

import _tree

SCOPE = re.compile(
    r"(?:^|[\s>\])])(?:namespace|class|struct|union|enum(?:\s+(?:class|struct))?|extern)\b[^()]*$")
ALIGNMENT = re.compile(
    r"\b(?:alignas|__attribute__|requires)\s*\((?:[^()]|\([^()]*\))*\)|\[\[.*?\]\]")
TEMPLATE_HEAD = re.compile(r"\btemplate\s*<")
NAME_BEFORE_PARENTHESIS = re.compile(r"([~\w:]+|operator[^\s(]+|operator\s*\(\))\s*\(")


def in_cpp(text):
    """Yields (name, first line, number of lines) of each function."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.)*", lambda found: _tree.blank(found.group()),
                  _tree.code_only(text), flags=re.MULTILINE | re.DOTALL)
    head_start, depth, at = 0, 0, 0
    while at < len(code):
        letter = code[at]
        if letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter in ";}" and depth <= 0:
            head_start, depth = at + 1, 0
        elif letter == "{":
            head = code[head_start:at]
            if depth <= 0 and is_scope(head):
                head_start, depth = at + 1, 0
            else:
                end = matching_brace(code, at)
                if depth <= 0 and ends_a_function(code, head, end):
                    yield measured(code, head_start, head, end)
                    head_start = end + 1
                at = end
        at += 1


def is_scope(head):
    """A namespace, a class or the like: what stands in its braces is looked at by itself."""
    return bool(SCOPE.search(without_templates(ALIGNMENT.sub(" ", head))))


def without_templates(head):
    """The head without `template <…>`, whose `class` and `struct` mean nothing here."""
    while found := TEMPLATE_HEAD.search(head):
        at, depth = found.end(), 1
        while at < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[:found.start()] + " " + head[at:]
    return head


def ends_a_function(code, head, end):
    """After `member_{1}` of a constructor comes `,` or the body; after a body, neither."""
    return "(" in head and code[end + 1:].lstrip()[:1] not in (",", "{", ")", ";", ".", "(")


def matching_brace(code, opening):
    depth = 0
    for found in re.finditer(r"[{}]", code[opening:]):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return opening + found.start()
    return len(code) - 1


def measured(code, head_start, head, end):
    start = head_start + len(head) - len(head.lstrip())
    first, last = _tree.line_of(code, start), _tree.line_of(code, end)
    return name_in(head), first, last - first + 1


def name_in(head):
    found = NAME_BEFORE_PARENTHESIS.search(without_templates(ALIGNMENT.sub(" ", head)))
    return found.group(1) if found else "?"


def in_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1
