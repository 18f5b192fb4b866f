"""Namespaces of test runs that were killed do not stay."""

import subprocess
import sys
from pathlib import Path

from .hosts import PREFIX, ip, remove_abandoned


def test_namespaces_of_ended_test_runs_are_removed_and_no_others(hosts):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    abandoned = f"{PREFIX}-{ended.pid}-one"
    ip("netns", "add", abandoned)

    remove_abandoned()

    present = {path.name for path in Path("/run/netns").iterdir()}
    assert abandoned not in present
    assert set(hosts.namespaces) <= present
