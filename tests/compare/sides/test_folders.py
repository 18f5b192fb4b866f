"""Copies of a program's folder."""

import contextlib
import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from retort.compare.options import CompareError
from retort.compare.sides.folders import copy_folder, program_folder, search_path


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy"


def digest(folder):
    """What the files of a folder contain, by name."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


def rows(file):
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return database.execute("SELECT count(*) FROM items").fetchone()[0]


def make_database(file, mode="delete"):
    database = sqlite3.connect(file)
    database.execute(f"PRAGMA journal_mode={mode}")
    with database:
        database.execute("CREATE TABLE items (name)")
        database.executemany("INSERT INTO items VALUES (?)", [("x",)] * 10)
    return database


def test_files_and_folders_are_copied_with_their_modes_and_times(source, copy):
    (source / "a" / "b").mkdir(parents=True)
    script = source / "a" / "b" / "run.sh"
    script.write_text("true")
    script.chmod(0o755)
    os.utime(script, (1_000_000_000, 1_000_000_000))
    (source / "instance").mkdir()
    (source / "instance" / "config.py").write_text("DEBUG = True")
    os.utime(source / "a", (1_000_000_000, 1_000_000_001))

    assert copy_folder(source, copy) == []

    assert (copy / "a").stat().st_mtime == 1_000_000_001
    assert digest(copy) == digest(source)
    assert (copy / "a/b/run.sh").stat().st_mode & 0o777 == 0o755
    assert (copy / "a/b/run.sh").stat().st_mtime == 1_000_000_000


def test_version_control_caches_and_environments_are_left_out(source, copy):
    for name in (".git", "node_modules", "__pycache__", ".venv", "env-of-mine", "kept"):
        (source / name).mkdir()
        (source / name / "file").touch()
    (source / "env-of-mine" / "pyvenv.cfg").touch()

    copy_folder(source, copy)

    assert [entry.name for entry in copy.iterdir()] == ["kept"]


# Databases.


@pytest.mark.parametrize("mode", ["delete", "wal", "truncate", "persist"])
def test_a_database_is_copied_and_the_original_stays_unchanged(source, copy, mode):
    make_database(source / "shop.db", mode).close()
    before = digest(source)

    assert copy_folder(source, copy) == []

    assert rows(copy / "shop.db") == 10
    assert digest(source) == before


def test_a_log_that_is_not_yet_in_the_database_is_copied(source, copy):
    with contextlib.closing(make_database(source / "shop.db", "wal")):
        assert (source / "shop.db-wal").stat().st_size
        before = digest(source)

        copy_folder(source, copy)

        assert rows(copy / "shop.db") == 10
        assert digest(source) == before


def test_a_log_of_a_process_that_was_killed_is_copied_and_stays(source, copy, tmp_path):
    with contextlib.closing(make_database(tmp_path / "shop.db", "wal")):
        for end in ("", "-wal", "-shm"):
            shutil.copy(tmp_path / f"shop.db{end}", source)
    before = digest(source)

    copy_folder(source, copy)

    assert rows(copy / "shop.db") == 10
    assert digest(source) == before


WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
number = 0
while True:
    database.execute("BEGIN IMMEDIATE")
    for _ in range(10):
        database.execute("INSERT INTO items VALUES (?)", ("y" * 500,))
    database.execute("COMMIT")
    number += 1
    if number == 20:
        print("writes", flush=True)
"""


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_that_is_being_written_is_copied_between_two_transactions(source, copy, mode):
    make_database(source / "shop.db", mode).close()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(source / "shop.db")], stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout.readline() == b"writes\n"
        notes = copy_folder(source, copy)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()

    assert notes == []
    assert rows(copy / "shop.db") >= 210
    assert rows(copy / "shop.db") % 10 == 0


def test_a_file_that_only_begins_like_a_database_is_noted(source, copy):
    (source / "odd.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)

    (note,) = copy_folder(source, copy)

    assert note.startswith(f"{source}/odd.db cannot be copied: ")


# What is no ordinary file.


def test_sockets_and_pipes_are_left_out(source, copy, monkeypatch):
    monkeypatch.chdir(source)  # the path of a socket may have 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("x.sock")
        os.mkfifo("pipe")
        (source / "kept").touch()

        assert copy_folder(source, copy) == []

    assert [entry.name for entry in copy.iterdir()] == ["kept"]


def test_a_link_inside_the_folder_leads_to_the_copy(source, copy):
    (source / "real.txt").write_text("original")
    (source / "link.txt").symlink_to("real.txt")
    (source / "folder").mkdir()
    (source / "folder" / "up.txt").symlink_to("../real.txt")
    (source / "absolute.txt").symlink_to(source / "real.txt")

    copy_folder(source, copy)
    (copy / "link.txt").write_text("changed")

    assert (copy / "real.txt").read_text() == "changed"
    assert (copy / "folder" / "up.txt").read_text() == "changed"
    assert (source / "real.txt").read_text() == "original"
    (copy / "absolute.txt").write_text("changed too")
    assert (source / "real.txt").read_text() == "original"


def test_a_link_out_of_the_folder_is_copied_as_what_it_leads_to(source, copy, tmp_path):
    (tmp_path / "data.txt").write_text("data")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.css").write_text("css")
    (source / "data.txt").symlink_to("../data.txt")
    (source / "assets").symlink_to(tmp_path / "assets")

    copy_folder(source, copy)

    assert not (copy / "data.txt").is_symlink()
    assert (copy / "data.txt").read_text() == "data"
    assert (copy / "assets" / "a.css").read_text() == "css"


def test_links_in_a_circle_end(source, copy, tmp_path):
    (source / "self").symlink_to(".")
    (source / "a").symlink_to("b")
    (source / "b").symlink_to("a")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "back").symlink_to(tmp_path / "outside")
    (source / "outside").symlink_to(tmp_path / "outside")
    (source / "parent").symlink_to("..")

    notes = copy_folder(source, copy)

    assert os.readlink(copy / "self") == "."
    assert list((copy / "outside").iterdir()) == []
    end = "leads back to a folder around it, so it is not copied."
    assert notes == [f"{source}/outside/back {end}", f"{source}/parent {end}"]


def test_an_absolute_link_to_a_folder_inside_leads_to_the_copy(source, copy):
    (source / "assets").mkdir()
    (source / "web").mkdir()
    (source / "web" / "static").symlink_to(source / "assets")

    copy_folder(source, copy)
    (copy / "web" / "static" / "new.css").touch()

    assert (copy / "assets" / "new.css").exists()
    assert list((source / "assets").iterdir()) == []


def test_a_broken_link_is_copied(source, copy):
    (source / "broken").symlink_to("missing")
    (source / "kept").touch()

    assert copy_folder(source, copy) == []

    assert os.readlink(copy / "broken") == "missing"
    assert (copy / "kept").exists()


@contextlib.contextmanager
def folder_of_another_user():
    """A folder, while this process has no rights of root."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    try:
        if is_root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o700)
        shutil.rmtree(folder)


def test_what_cannot_be_read_is_noted_and_the_rest_is_copied():
    with folder_of_another_user() as folder:
        source, copy = folder / "shop", folder / "copy"
        source.mkdir()
        (source / "kept").touch()
        (source / "secret.txt").touch(0o000)
        (source / "private").mkdir(0o000)

        notes = copy_folder(source, copy)

        assert (copy / "kept").exists()
    assert len(notes) == 2
    assert notes[0] == f"{source}/private cannot be read (Permission denied), so it is not copied."
    assert notes[1].startswith(f"{source}/secret.txt cannot be copied: ")


def test_a_folder_that_is_too_large_is_not_copied(source, copy):
    (source / "large").write_bytes(b"x" * 3_000)

    with pytest.raises(CompareError) as caught:
        copy_folder(source, copy, max_bytes=2_000)

    assert str(caught.value) == (
        f"{source} has more than 2e-06 GB, and each side gets a copy. Run the command in a copy of"
        " the program with less data."
    )


def test_what_is_left_out_does_not_count(source, copy):
    (source / "node_modules").mkdir()
    (source / "node_modules" / "large").write_bytes(b"x" * 3_000)

    assert copy_folder(source, copy, max_bytes=2_000) == []


# Which folder, and what Python finds there.


def test_the_folder_is_the_current_one_if_the_program_lies_in_it(source, monkeypatch):
    monkeypatch.chdir(source)
    (source / "web").mkdir()
    (source / "web" / "shop.py").touch()

    for target in (None, "shop:app", "web/shop.py", "web/shop.py:app", str(source / "web/shop.py")):
        assert program_folder(target) == source


def test_the_folder_is_that_of_a_file_elsewhere(source, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (source / "shop.py").touch()

    assert program_folder("../shop/shop.py") == source
    assert program_folder("../shop/shop") == source


def test_the_folder_of_a_package_is_its_parent(source, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (source / "web" / "api").mkdir(parents=True)
    for name in ("web/__init__.py", "web/api/__init__.py", "web/api/app.py"):
        (source / name).touch()

    assert program_folder("../shop/web/api/app.py") == source


def test_entries_of_the_path_in_the_folder_are_those_of_the_copy(source, copy, tmp_path):
    for name in ("src", "lib"):
        (source / name).mkdir()

    found = search_path(source, copy, [str(source / "lib"), str(tmp_path), "", "missing"])

    assert found == [str(copy), str(copy / "src"), str(copy / "lib")]


IMPORTS = """
from flask import Flask
import shop_package

app = Flask(__name__)

@app.get("/")
def index():
    return shop_package.__file__
"""


def test_an_editable_installation_does_not_lead_to_the_users_folder(sides, monkeypatch):
    package = sides.write("", "src/shop_package/__init__.py")
    sides.write(IMPORTS)
    monkeypatch.syspath_prepend(str(package.parents[1]))  # as the .pth file of pip install -e

    side = sides.start(in_process=True)
    found = side.send({"method": "GET", "target": "/", "fields": [], "body": ""}, 30)

    assert found["body"] == str(side.root / "program/src/shop_package/__init__.py")


def test_the_pythonpath_of_the_user_follows_the_copies(sides, monkeypatch, tmp_path):
    (tmp_path / "shared").mkdir()
    (sides.folder / "lib").mkdir()
    before = os.environ["PYTHONPATH"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", str(tmp_path / "shared"), before]))
    monkeypatch.syspath_prepend(str(sides.folder / "lib"))
    side = sides.make()

    found = side.environment(sides.folder, side.root / "program")["PYTHONPATH"].split(os.pathsep)

    lib, shared = str(side.root / "program" / "lib"), str(tmp_path / "shared")
    assert found[0] == str(side.root / "guard")
    assert found[1] == str(side.root / "program")
    assert found.index(lib) < found.index(str(sides.folder / "lib")) < found.index(shared)


def test_home_and_temporary_files_are_the_sides_own(sides, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "/config")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    side = sides.make(env=("DEBUG=1", "retort:DB=r.db"))

    found = side.environment(sides.folder, side.root / "program")

    assert found["HOME"] == str(side.root / "home")
    assert found["TMPDIR"] == str(side.root / "tmp")
    assert Path(found["HOME"]).is_dir()
    assert Path(found["TMPDIR"]).is_dir()
    assert "XDG_CONFIG_HOME" not in found
    assert (found["TZ"], found["PYTHONHASHSEED"]) == ("Asia/Tokyo", "0")
    assert (found["DEBUG"], found["DB"]) == ("1", "r.db")


def test_the_suite_gets_a_copy_of_its_own_and_the_guard(sides):
    side = sides.make()

    python, folder, environment = side.test_run()

    assert python == sys.executable
    assert (folder / "shop.py").is_file()
    assert environment["PYTHONPATH"].split(os.pathsep)[:2] == [
        str(side.root / "guard"),
        str(folder),
    ]
    assert "FLASK_RUN_FROM_CLI" not in environment
    code = "import socket; socket.create_connection(('192.0.2.1', 80))"
    subprocess.run(
        [python, "-c", code], env=environment, cwd=folder, capture_output=True, check=False
    )
    assert side.observed().refused == ["192.0.2.1:80"]
