"""``--isolate``: a network namespace of Linux for each process of a side."""

from __future__ import annotations

import shutil
import subprocess

from ..options import CompareError

_UNSHARE = "unshare"  # of util-linux


def isolated(command: list[str]) -> list[str]:
    """The command, run in a network namespace of its own, in which there is no other machine.

    The process keeps the listening socket that it inherits, which belongs to the namespace of
    the parent.
    """
    return [_UNSHARE, "--net", "--", *command]


def check_isolation() -> None:
    """Check that this user can make network namespaces here.

    :raises CompareError: with the reason, and what to do instead.
    """
    if shutil.which(_UNSHARE) is None:
        raise CompareError(
            "--isolate needs the command unshare (package util-linux), which Linux has. Without"
            " --isolate, Python's sockets are restricted."
        )
    done = subprocess.run(isolated(["true"]), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompareError(
            f"--isolate cannot make a network namespace: {done.stderr.strip()}. Run the command as"
            " root, or leave out --isolate: then Python's sockets are restricted."
        )
