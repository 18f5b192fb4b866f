"""Memory that a worker has freed goes back to the system."""

import contextlib
import os
import platform
import re
import subprocess
import sys
import textwrap
from pathlib import Path

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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps memory so")
@pytest.mark.parametrize("is_set", [False, True])
def test_memory_of_bodies_is_reused_unless_the_environment_disables_it(is_set):
    program = """
        import resource
        from retort.server.memory import keep_freed_memory

        keep_freed_memory()

        def new_pages():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            b"x" * 2_000_000
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

        new_pages()
        print(sum(new_pages() for _ in range(20)))
    """
    variables = {"MALLOC_MMAP_THRESHOLD_": "1000000"} if is_set else {}
    faults = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, **variables},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout

    assert (int(faults) > 5000) == is_set  # 20 times 488 pages


UPLOADS = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.post("/")
    def upload():
        return str(len(request.get_data()))

    @app.get("/")
    def index():
        return "hello"
"""


def resident_bytes(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can return memory")
def test_the_memory_of_a_flood_of_broken_uploads_is_returned(run):
    program = run(UPLOADS, "--port=0")
    assert program.get("/").text == "hello"
    (worker,) = program.workers
    before = resident_bytes(worker)
    with contextlib.ExitStack() as open_until_here:
        for _ in range(500):
            connection = open_until_here.enter_context(program.connect())
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
            connection.sendall(b"x" * 400_000)
        program.wait_for(lambda: resident_bytes(worker) > before + 150_000_000)

    assert program.get("/").text == "hello"
    # Of each of the two heaps, up to 32 MiB are kept: see `memory.py`.
    program.wait_for(lambda: resident_bytes(worker) < before + 80_000_000)
