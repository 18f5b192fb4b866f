"""`--workers auto`: as many workers as processors that the process may use."""

import os

import click
import pytest

from retort.cli.processors import CGROUPS, OWN, WorkersType, available, processors


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with 8 processors; returns a function that writes a file of its control groups."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    (tmp_path / "own").write_text("0::/\n")

    def write(name, text):
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    write.processors = lambda: processors(tmp_path / "cgroup", tmp_path / "own")
    write.own = tmp_path / "own"
    return write


@pytest.mark.parametrize(
    ("limit", "count"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("250000 100000\n", 2),
        ("50000 100000\n", 1),
        ("1600000 100000\n", 8),
        ("", 8),
        ("rubbish\n", 8),
        ("100000 0\n", 8),
    ],
)
def test_the_limit_of_a_control_group_counts(machine, limit, count):
    machine("cpu.max", limit)

    assert machine.processors() == count


def test_without_control_groups_all_processors_count(machine):
    assert machine.processors() == 8


def test_the_smallest_limit_of_the_groups_around_counts(machine):
    machine.own.write_text("12:cpuset:/other\n0::/system.slice/shop.service\n")
    machine("cpu.max", "max 100000\n")
    machine("system.slice/cpu.max", "300000 100000\n")
    machine("system.slice/shop.service/cpu.max", "600000 100000\n")

    assert machine.processors() == 3


@pytest.mark.parametrize(("quota", "count"), [("400000", 4), ("-1", 8), ("", 8)])
def test_version_1_of_control_groups_is_read(machine, quota, count):
    machine("cpu/cpu.cfs_quota_us", f"{quota}\n")
    machine("cpu/cpu.cfs_period_us", "100000\n")

    assert machine.processors() == count


def test_this_system_has_from_1_to_all_of_its_processors():
    assert 1 <= processors() <= available()
    if OWN.exists() and (CGROUPS / "cgroup.controllers").exists():
        assert "0::" in OWN.read_text()  # the format that is read


def test_a_number_or_auto_is_accepted(machine):
    convert = WorkersType(min=1).convert

    assert convert("3", None, None) == 3
    assert convert("auto", None, None) == processors()
    for wrong in ("0", "-1", "many", "1.5", ""):
        with pytest.raises(click.BadParameter, match="neither a number from 1 on nor 'auto'"):
            convert(wrong, None, None)
