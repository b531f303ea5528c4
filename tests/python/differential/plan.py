"""What one sequence is: how a file is opened, what it holds before, and the calls in their order.

A plan is plain data that `repr` gives back, so that a failing one can be shrunk, printed, and kept.
"""

from typing import Any, NamedTuple

# Of a long value, at each of its ends.
MOST_SHOWN = 60


class Repeated:
    """A long text or bytes, told shortly: parts of (unit, count). Never changed."""

    __slots__ = ("parts",)

    def __init__(self, *parts):
        self.parts = parts

    def whole(self):
        made = [unit * count for unit, count in self.parts]
        return (made[0][:0] if made else b"").join(made)

    def __repr__(self):
        return f"Repeated({', '.join(map(repr, self.parts))})"

    def expression(self):
        words = (repr(unit) + (f" * {count}" if count > 1 else "") for unit, count in self.parts)
        return " + ".join(words) or "b''"


class Plan(NamedTuple):
    options: dict[str, Any]  # of `open`, the mode among them
    content: Any  # Repeated, bytes, or None: there is no file
    steps: tuple[tuple[Any, ...], ...]  # (method, arguments...)

    @property
    def is_text(self):
        return "b" not in self.options["mode"]


def whole(value):
    """A value of a plan as the call takes it."""
    if isinstance(value, Repeated):
        return value.whole()
    return [whole(one) for one in value] if isinstance(value, list) else value


def expression(value):
    if isinstance(value, Repeated):
        return value.expression()
    if isinstance(value, list):
        return f"[{', '.join(map(expression, value))}]"
    return repr(value)


# Steps that are no call of one method.
SPECIAL = {
    "next": "[await file.readline() for _ in range({0})]",
    "get": "getattr(file, {0})",
    "readinto": "file.readinto(bytearray({0}))",
    "readinto1": "file.readinto1(bytearray({0}))",
    "seek_back": "file.seek(cookies[{0} % len(cookies)] if cookies else 0)",
    "generate": "file.writelines(line for line in {0})",
}


def call_of(step):
    """The step as a reader would write it."""
    name, *arguments = step
    words = [expression(argument) for argument in arguments]
    return SPECIAL.get(name, f"file.{name}({', '.join(words)})").format(*words)


def shown(value):
    """Of a long value, its ends."""
    words = repr(value)
    if len(words) <= 3 * MOST_SHOWN:
        return words
    return f"{words[:MOST_SHOWN]} … {words[-MOST_SHOWN:]} ({len(value)} long)" if hasattr(
        value, "__len__") else words[:3 * MOST_SHOWN]
