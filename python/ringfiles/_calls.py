"""A call on an asynchronous file: which queue, which loop, which executor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

from . import _fifo, _jobs, _reads


class _Order:
    """What calls on one file share. Kept in the file object, made by the first call."""

    def __init__(self) -> None:
        self.fifo = _fifo.Fifo()
        self.held = _reads.Held()


class Ordered:
    """A blocking file and where its calls run. They share one queue."""

    _file: Any
    _executor: Executor | None
    _loop: Any


def _order_of(owner: Any) -> _Order:
    # Classes of others that use our decorators may never call a constructor of ours.
    order = owner.__dict__.get("_order")
    if order is None:
        order = owner.__dict__.setdefault("_order", _Order())
    return order  # type: ignore[no-any-return]


async def run(
    owner: Any,
    function: Callable[[], Any],
    *,
    certain: bool = False,
    inline: Callable[[], bool] | None = None,
) -> Any:
    """Calls `function` when the earlier calls of `owner` are over. See `Fifo.run`.

    ERRORS: RuntimeError if `owner` belongs to another loop; nothing has happened then.
    """
    loop = _jobs.require_loop(owner._loop, owner)
    return await _order_of(owner).fifo.run(
        function, loop=loop, executor=owner._executor, certain=certain, inline=inline)


def bind(owner: Any, name: str, args: Any, kwargs: Any) -> Callable[[], Any]:
    """The call of a method of the blocking file. What it reads can be given back."""
    if name == "lines":
        return _reads.Lines(_order_of(owner).held, owner._file, args, kwargs)
    if name in _reads.READS:
        return _reads.Read(_order_of(owner).held, owner._file, name, args, kwargs)
    return partial(getattr(owner._file, name), *args, **kwargs)
