"""A pytest plugin that runs tests as on a Python without the flags that `class_guard.py` uses."""

import sys

import retort  # noqa: F401  # all its modules


def pytest_configure():
    for name, module in list(sys.modules.items()):
        if name.startswith("retort.") and hasattr(module, "UNCHANGED"):
            module.UNCHANGED = 0
