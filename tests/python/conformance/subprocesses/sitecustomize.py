"""Programs that a test starts get the package under test as well, told by the environment."""

import os
import sys

if "CONFORMANCE_TARGET" in os.environ:
    sys.path.insert(0, os.environ["CONFORMANCE_FOLDER"])
    from harness import install, targets
    sys.path.pop(0)
    _name = os.environ["CONFORMANCE_TARGET"]
    _package = targets.load(_name)
    install.install()
    install.use(_name, _package, note_path=os.environ["CONFORMANCE_NOTE"])
