"""The stage `python`: the package on each interpreter of the machine."""

from . import interpreters, process, protocol, pytests

BUILD_TIMEOUT_S = 600
PYTEST_TIMEOUT_S = 300
SCRIPT_TIMEOUT_S = 600
LINT_TIMEOUT_S = 120
AIOFILES_SUITE = "tests/python/aiofiles_suite.py"
REQUIREMENTS = "python/requirements-test.txt"


def python_tests(run):
    usable = interpreters.found()
    for minor in interpreters.EXPECTED_MINORS:
        if minor not in [interpreter.minor for interpreter in usable]:
            run.tally.skipped(f"python: python3.{minor}",
                              "this machine has no such interpreter with its headers")
    if not usable:
        return
    main = main_of(usable)
    lint(run, main)
    for interpreter in usable:
        before = run.tally.counts()
        test_one(run, interpreter, is_main=interpreter is main)
        print(f"  {interpreter.name} ({interpreter.path}): {run.tally.since(before)}", flush=True)


def main_of(usable):
    """What need not be repeated on each interpreter is done on the system's."""
    return next((one for one in usable if str(one.path).startswith("/usr/")), usable[-1])


def lint(run, interpreter):
    ran = process.run([run.root / "scripts/python-lint", interpreter.path], LINT_TIMEOUT_S)
    run.count("python: ruff and mypy", ran, LINT_TIMEOUT_S)


def test_one(run, interpreter, is_main):
    stage = interpreter.name
    python = interpreters.environment(run.builds, run.root, interpreter, interpreter.tag,
                                      REQUIREMENTS)
    built = run.builds.step(f"{stage}: build", BUILD_TIMEOUT_S,
                            [run.root / "scripts/python-build", interpreter.path])
    if not python or not built:
        return
    package = run.root / "build/python" / interpreter.tag / "package"
    env = {"PYTHONPATH": str(package), "PYTHON_IS_MAIN": "1" if is_main else "",
           **run.soak_env()}
    run_pytest(run, stage, python, env, is_main)
    if is_main:
        protocol.run_script(run.tally, f"{stage}, uvloop", run.root / AIOFILES_SUITE,
                            run.limit(SCRIPT_TIMEOUT_S), env, python, ["--uvloop"])
    folders = ["tests/python", "tests/python/packaging"]
    # Minutes each, and latencies are those of the C++ core: the others run them in a soak.
    if is_main or run.soak:
        run.builds.build("release", "ringfiles_test_tools")
        env = {**env, **run.script_env()}
        folders += ["tests/python/conformance", "tests/python/system"]
    for folder in folders:
        run_scripts(run, stage, python, run.root / folder, env)


def run_pytest(run, stage, python, env, is_main):
    """Once on asyncio's own loop, and on one interpreter on uvloop too."""
    tests, limit_s = run.root / "tests/python", run.limit(PYTEST_TIMEOUT_S)
    pytests.run(run.tally, stage, python, [tests], limit_s, env)
    if is_main:
        pytests.run(run.tally, f"{stage}, uvloop", python, [tests, "--uvloop"], limit_s, env)


def run_scripts(run, stage, python, folder, env):
    for path in protocol.scripts_in(folder):
        if path.suffix == ".py":
            protocol.run_script(run.tally, stage, path, run.limit(SCRIPT_TIMEOUT_S), env, python)
