"""Makes a failing plan small: what it can do without is left out."""

from .plan import Plan, Repeated, call_of, expression, shown
from .territory import is_defined

MOST_ATTEMPTS = 3000
MOST_HALVED = 1 << 32  # an offset that is too large for any file is to stay so


async def shrunk(plan, fails):
    """The smallest plan that was found for which `await fails(plan)` is true."""
    attempts = 0
    again = True
    while again and attempts < MOST_ATTEMPTS:
        again = False
        for candidate in smaller(plan):
            attempts += 1
            if attempts >= MOST_ATTEMPTS:
                break
            if is_defined(candidate.options, candidate.steps) and await fails(candidate):
                plan, again = candidate, True
                break
    return plan


def smaller(plan):
    """Plans that are a little smaller, those that are much smaller first."""
    count = len(plan.steps)
    for size in sorted({count // 2, count // 4, 2, 1}, reverse=True):
        for start in range(0, count, size) if size else ():
            yield plan._replace(steps=plan.steps[:start] + plan.steps[start + size:])
    for name in plan.options:
        if name != "mode":
            options = {key: value for key, value in plan.options.items() if key != name}
            yield plan._replace(options=options)
    if plan.content is not None:
        for content in smaller_value(plan.content):
            yield plan._replace(content=content)
    for number, (name, *arguments) in enumerate(plan.steps):
        for place, argument in enumerate(arguments):
            for value in smaller_value(argument):
                changed = (name, *arguments[:place], value, *arguments[place + 1:])
                yield plan._replace(
                    steps=(*plan.steps[:number], changed, *plan.steps[number + 1:]))


def smaller_value(value):
    if isinstance(value, Repeated):
        yield from smaller_repeated(value)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield value[:place] + value[place + 1:]
            for less in smaller_value(one):
                yield [*value[:place], less, *value[place + 1:]]
    elif type(value) is int and 1 < value < MOST_HALVED:
        yield from {value // 2, value - 1}


def smaller_repeated(value):
    parts = value.parts
    for place, (unit, count) in enumerate(parts):
        before, after = parts[:place], parts[place + 1:]
        if len(parts) > 1:
            yield Repeated(*before, *after)
        for less in {count // 2, count - 1} - {0} if count > 1 else ():
            yield Repeated(*before, (unit, less), *after)
        for at in range(len(unit)) if len(unit) > 1 else ():
            yield Repeated(*before, (unit[:at] + unit[at + 1:], count), *after)


def program(plan, difference):
    """The plan as a program of one's own."""
    lines = ["import asyncio, ringfiles", ""]
    if plan.content is not None:
        lines += [f"open('file', 'wb').write({expression(plan.content)})"]
    options = ", ".join(f"{name}={value!r}" for name, value in plan.options.items())
    lines += ["async def main():", f"    file = await ringfiles.open('file', {options})"]
    if any(step[0] in ("tell", "seek_back") for step in plan.steps):
        lines += ["    cookies = []"]
    for step in plan.steps:
        call = call_of(step)
        waits = "" if step[0] in ("next", "get") else "await "
        call = f"cookies.append({waits}{call})" if step[0] == "tell" else f"{waits}{call}"
        lines += [f"    {call}"]
    lines += ["asyncio.run(main())"]
    lines += [f"# {call_of(difference.step)}: ringfiles {shown(difference.ours)}",
              f"#   open {shown(difference.theirs)}"]
    return "\n".join(lines)


def table_entry(plan):
    return f"({plan.options!r}, {plan.content!r}, {plan.steps!r})"


__all__ = ["Plan", "program", "shrunk", "table_entry"]
