"""Which files count, and which change is noticed even without an event."""

import os
import sysconfig
import threading

import click
import pytest

import retort
from retort.server.development.watcher import Watcher, is_library, loaded_sources


class Seen:
    """The first change a watcher reports."""

    def __init__(self):
        self.path = None
        self.event = threading.Event()

    def __call__(self, path):
        self.path = path
        self.event.set()

    def wait(self):
        assert self.event.wait(60)
        return self.path


def test_the_programs_own_modules_count_and_libraries_do_not():
    sources = loaded_sources()

    assert os.path.realpath(retort.__file__) in sources
    assert os.path.realpath(click.__file__) not in sources
    assert os.path.realpath(os.__file__) not in sources


@pytest.mark.parametrize("key", ["stdlib", "purelib"])
def test_python_and_installed_packages_are_libraries(key):
    folder = sysconfig.get_path(key)

    assert is_library(folder)
    assert is_library(os.path.join(folder, "package", "module.py"))


def test_a_folder_with_a_similar_name_is_no_library(tmp_path):
    assert not is_library(str(tmp_path))
    assert not is_library(sysconfig.get_path("stdlib") + "-of-mine/module.py")


def test_a_changed_file_is_reported_once_with_its_path(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("one")
    seen = Seen()
    watcher = Watcher(seen)
    watcher.add([str(file)])
    watcher.start()

    file.write_text("two")

    assert seen.wait() == os.path.realpath(file)


def test_a_file_that_is_replaced_as_a_whole_is_reported(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("one")
    seen = Seen()
    watcher = Watcher(seen)
    watcher.add([str(file)])
    watcher.start()
    (tmp_path / "new.txt").write_text("two")

    os.replace(tmp_path / "new.txt", file)

    assert seen.wait() == os.path.realpath(file)


def test_a_folder_stands_for_all_files_in_it(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "deep.txt").write_text("")
    watcher = Watcher(print)

    watcher.add([str(tmp_path / "a")])

    assert os.path.realpath(tmp_path / "a" / "b" / "deep.txt") in watcher.files()


def test_patterns_take_files_out(tmp_path):
    watcher = Watcher(print)
    names = [str(tmp_path / name) for name in ("keep.txt", "drop.log")]

    watcher.add(names, ["*.log"])

    assert [os.path.realpath(name) in watcher.files() for name in names] == [True, False]


def test_a_missing_extra_file_is_reported_when_it_comes(tmp_path):
    seen = Seen()
    watcher = Watcher(seen)
    watcher.add([str(tmp_path / "later.txt")])
    watcher.start()

    (tmp_path / "later.txt").write_text("here")

    assert seen.wait().endswith("later.txt")


def test_only_folders_that_exist_are_watched(tmp_path):
    watcher = Watcher(print)
    watcher.add([str(tmp_path / "nowhere" / "file.txt")])

    assert str(tmp_path / "nowhere") not in watcher.folders()
