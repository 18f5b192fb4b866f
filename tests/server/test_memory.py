"""Memory that a worker has freed goes back to the system."""

import os
import platform
import subprocess
import sys
import textwrap

import pytest

from retort.server import memory
from retort.server.memory import MemoryTrim


def test_memory_is_returned_once_when_much_was_there_and_is_over(monkeypatch):
    trimmed = []
    monkeypatch.setattr(memory, "trim_heap", lambda: trimmed.append(True))
    trim = MemoryTrim()

    for count in (0, 20, 9, 49, 5):
        trim.note_load(count)
    assert not trimmed
    trim.note_load(50)
    trim.note_load(11)
    assert not trimmed
    for count in (10, 3, 0):
        trim.note_load(count)
    assert trimmed == [True]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can return memory")
def test_the_c_library_returns_what_is_free_between_used_blocks():
    program = """
        import os
        from retort.server.memory import trim_heap

        def resident_bytes():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        blocks = [b"x" * 100_000 for _ in range(1000)]
        full = resident_bytes()
        del blocks[:-1]  # the last one keeps the heap from becoming shorter
        assert resident_bytes() > full - 50_000_000
        assert trim_heap()
        assert resident_bytes() < full - 50_000_000
    """
    variables = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_ARENA_MAX": "1"}

    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, **variables},
        check=True,
    )
