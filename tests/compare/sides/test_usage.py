"""Processor time and memory of a side, with the processes that the program has started."""

import contextlib
import os
import subprocess
import sys
import time

import pytest

from retort.compare.sides import SideSpec
from retort.compare.sides import usage as usage_module
from retort.compare.sides.usage import Entry, Usage, read_table, started_by, usage_of

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="another system: only Linux has it")
BUSY = "import time\nwhile time.process_time() < {seconds}: pass\n"
THEN_WAIT = "print('done', flush=True)\nimport sys; sys.stdin.read()\n"


@contextlib.contextmanager
def python(code, **options):
    """A Python process that has written its first line, and ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
    )
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def entry_of(pid):
    return next((entry for entry in read_table() if entry.pid == pid), None)


def entry(pid, parent, session=1, cpu=0.0, memory=0):
    return Entry(pid, parent, session, Usage(cpu, memory))


@on_linux
def test_the_table_has_this_process_with_its_parent_and_session():
    own = entry_of(os.getpid())

    assert (own.parent, own.session) == (os.getppid(), os.getsid(0))


@on_linux
def test_the_table_has_the_processor_time_in_seconds():
    before = time.process_time()
    own = entry_of(os.getpid()).usage.cpu_seconds - sum(os.times()[2:4])
    after = time.process_time()

    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert before - 4 * tick <= own <= after + 4 * tick


@on_linux
def test_the_table_has_the_resident_memory_in_bytes():
    kept = bytearray(b"x" * 50_000_000)
    with_it = entry_of(os.getpid()).usage.memory_bytes
    del kept
    without = entry_of(os.getpid()).usage.memory_bytes

    assert 40_000_000 < with_it - without < 60_000_000


@on_linux
def test_a_name_with_brackets_and_spaces_does_not_move_the_fields(tmp_path):
    odd = tmp_path / "a) R (b c"
    odd.symlink_to(sys.executable)
    with python(THEN_WAIT, executable=str(odd)) as process:
        found = entry_of(process.pid)

    assert found.parent == os.getpid()


@on_linux
def test_the_time_of_a_child_counts_while_it_lives():
    with python(BUSY.format(seconds=0.2) + THEN_WAIT) as child:
        found = usage_of(os.getpid(), (1.0, 0))
        alone = entry_of(child.pid).usage

    assert found.cpu_seconds >= 1.0 + 0.15
    assert found.memory_bytes >= entry_of(os.getpid()).usage.memory_bytes // 2 + alone.memory_bytes


@on_linux
def test_the_time_of_the_process_itself_is_what_it_reports():
    with python(BUSY.format(seconds=0.1) + THEN_WAIT) as process:
        found = usage_of(process.pid, (0.123456789, 77))

    assert found.cpu_seconds == 0.123456789
    assert found.memory_bytes > 1_000_000


def test_children_of_children_belong_to_the_process():
    entries = [entry(30, 20), entry(10, 1), entry(20, 10), entry(40, 1), entry(50, 40)]

    assert {one.pid for one in started_by(10, entries)} == {20, 30}


def test_a_process_whose_parent_has_ended_is_known_by_its_session():
    entries = [entry(10, 1, session=10), entry(20, 1, session=10), entry(30, 1, session=30)]

    assert [one.pid for one in started_by(10, entries)] == [20]


def test_a_child_in_a_session_of_its_own_is_known_by_its_parent():
    entries = [entry(10, 1, session=10), entry(20, 10, session=20), entry(30, 20, session=20)]

    assert {one.pid for one in started_by(10, entries)} == {20, 30}


def test_without_a_table_the_process_reports_for_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(usage_module, "TABLE", tmp_path / "missing")

    assert usage_of(os.getpid(), (2.5, 1000)) == Usage(2.5, 1000)


def test_a_process_that_ends_while_the_table_is_read_is_left_out(monkeypatch, tmp_path):
    (tmp_path / "17").mkdir()
    (tmp_path / "self").mkdir()
    monkeypatch.setattr(usage_module, "TABLE", tmp_path)

    assert read_table() == []


@on_linux
def test_a_side_counts_its_process_and_what_the_program_has_started(sides):
    sides.write("""
        import subprocess, sys
        from flask import Flask

        app = Flask(__name__)
        code = "import time\\nwhile time.process_time() < 0.3: pass\\n"
        code += "print('done', flush=True)\\ntime.sleep(100)"
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        child.stdout.readline()
        """)
    side = sides.start()
    own = side.usage()

    plain = sides.write("from flask import Flask\napp = Flask(__name__)\n", "plain.py")
    other = sides.start(SideSpec("flask", "flask"), target=str(plain)).usage()

    assert own.cpu_seconds > 0.3
    assert own.memory_bytes > 5_000_000
    assert other.cpu_seconds > 0
    assert round(other.cpu_seconds * 1000, 6) % 10  # not in ticks


def test_a_side_of_two_processes_uses_what_both_use(sides):
    one = sides.start(SideSpec("retort", "retort")).usage()
    two = sides.start(SideSpec("retort", "retort", 2)).usage()

    assert two.memory_bytes > 1.5 * one.memory_bytes
