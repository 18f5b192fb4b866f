"""Connections of a side's processes to other machines, and what is recorded of them."""

import contextlib
import socket
import sqlite3
import threading

import pytest

from retort.compare.sides import guard as guard_module
from retort.compare.sides.guard import LIBRARIES, Guard
from retort.compare.sides.observed import Observed, notes_on

# 192.0.2.0/24 and .test are reserved for documentation and tests: RFC 5737, RFC 6761.
ELSEWHERE = "192.0.2.1"
REFUSED = "retort compare refuses connections to other machines, here to"


@pytest.fixture
def guard(tmp_path):
    """A guard in this process that is not yet an audit hook."""
    return Guard(str(tmp_path), str(tmp_path / "observed.jsonl"), allows_network=False)


@pytest.mark.parametrize(
    "code",
    [
        "socket.create_connection(('192.0.2.1', 80), 5)",
        "socket.socket().connect(('192.0.2.1', 80))",
        "socket.socket().connect_ex(('192.0.2.1', 80))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 80))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', 0, ('192.0.2.1', 80))",
        "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 80))",
        "urllib.request.urlopen('http://192.0.2.1:80/')",
        "asyncio.run(asyncio.open_connection('192.0.2.1', 80))",
        "http.client.HTTPConnection('192.0.2.1').request('GET', '/')",
    ],
)
def test_a_connection_to_another_machine_is_refused_and_recorded(guarded, code):
    done = guarded.run(f"import asyncio, http.client, socket, urllib.request\n{code}")

    assert done.returncode == 1
    assert f"{REFUSED} 192.0.2.1:80. --allow-network permits them." in done.stderr
    assert guarded.observed.refused == ["192.0.2.1:80"]


def test_an_address_of_version_6_is_refused_as_well(guarded):
    done = guarded.run(
        "import socket\nsocket.socket(socket.AF_INET6).connect(('2001:db8::1', 25, 0, 0))"
    )

    assert f"{REFUSED} 2001:db8::1:25" in done.stderr


@pytest.mark.parametrize(
    ("code", "recorded"),
    [
        ("socket.getaddrinfo('shop.test', 443)", "shop.test:443"),
        ("socket.getaddrinfo(b'shop.test', None)", "shop.test"),
        ("socket.gethostbyname('shop.test')", "shop.test"),
        ("socket.gethostbyname_ex('shop.test')", "shop.test"),
        ("urllib.request.urlopen('http://shop.test/')", "shop.test:80"),
        ("smtplib.SMTP('mail.shop.test', 25)", "mail.shop.test:25"),
    ],
)
def test_the_name_of_another_machine_is_not_resolved(guarded, code, recorded):
    done = guarded.run(f"import smtplib, socket, urllib.request\n{code}")

    assert f"{REFUSED} {recorded}." in done.stderr
    assert guarded.observed.refused == [recorded]


def test_a_program_can_handle_the_refusal_as_an_os_error(guarded):
    done = guarded.run("""
        import socket
        try:
            socket.create_connection(("192.0.2.1", 80))
        except OSError as error:
            print(type(error).__name__)
        """)

    assert done.stdout == "ConnectionRefusedError\n"


def test_an_address_is_recorded_once_for_all_processes(guarded):
    code = "import socket\nfor _ in range(3):\n    socket.socket().connect_ex(('192.0.2.1', 80))"
    in_loop = code.replace("    socket", "    try: socket") + "\n    except OSError: pass"

    guarded.run(in_loop)
    guarded.run(in_loop)

    assert guarded.observed.refused == ["192.0.2.1:80"]


def test_children_of_the_program_are_guarded(guarded):
    done = guarded.run("""
        import subprocess, sys
        code = "import socket; socket.create_connection(('192.0.2.1', 80))"
        sys.exit(subprocess.run([sys.executable, "-c", code]).returncode)
        """)

    assert done.returncode == 1
    assert guarded.observed.refused == ["192.0.2.1:80"]


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_of_multiprocessing_are_guarded(guarded, method):
    (guarded.folder / "work.py").write_text(
        "import socket\ndef work():\n    socket.create_connection(('192.0.2.1', 80))\n"
    )

    done = guarded.run(f"""
        import multiprocessing, sys, work
        process = multiprocessing.get_context({method!r}).Process(target=work.work)
        process.start()
        process.join()
        sys.exit(process.exitcode)
        """)

    assert done.returncode == 1
    assert guarded.observed.refused == ["192.0.2.1:80"]


def test_all_connections_are_permitted_on_request(guarded):
    done = guarded.run(
        "import sys\nsys.audit('socket.getaddrinfo', 'shop.test', 80, 0, 0, 0)",
        allows_network=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert guarded.observed == Observed()


# This machine.


def own_names():
    """The names of this machine that it can look up; a new system may not know its host name."""
    yield "localhost"
    with contextlib.suppress(OSError):
        socket.getaddrinfo(socket.gethostname(), None)
        yield socket.gethostname()


def test_this_machine_can_be_connected_to(guarded):
    hosts = ["127.0.0.1", "127.1.2.3", "", *own_names()]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = guarded.run(f"""
            import asyncio, socket, urllib.request
            for host in {hosts}:
                socket.getaddrinfo(host or None, {port})
            socket.create_connection(("127.0.0.1", {port})).close()
            socket.create_connection(("localhost", {port})).close()
            async def connect():
                _, writer = await asyncio.open_connection("localhost", {port})
                writer.close()
            asyncio.run(connect())
            """)

    assert (done.returncode, done.stderr) == (0, "")
    assert guarded.observed.refused == []


def test_unix_sockets_can_be_connected_to(guarded):
    done = guarded.run("""
        import socket
        server = socket.socket(socket.AF_UNIX)
        server.bind("x.sock")
        server.listen()
        socket.socket(socket.AF_UNIX).connect("x.sock")
        """)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
    ],
)
def test_names_of_this_machine_are_its_own(guard, host):
    assert guard.is_own(host)


def test_the_addresses_of_network_cards_are_this_machines(guard):
    own = "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card, contextlib.suppress(OSError):
        card.connect((ELSEWHERE, 9))  # sends nothing
        own = card.getsockname()[0]

    assert guard.is_own(own)


@pytest.mark.parametrize(
    "host", [ELSEWHERE, "255.255.255.255", "224.0.0.1", "2001:db8::1", "shop.test", "999.1.1.1"]
)
def test_other_machines_are_not_this_machine(guard, host):
    assert not guard.is_own(host)


def test_a_name_in_the_hosts_file_is_its_own_if_the_address_is(guard, tmp_path, monkeypatch):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 db.shop.test db # local\n192.0.2.7 cache\n# 127.0.0.1 mail\n")
    monkeypatch.setattr(guard_module, "HOSTS_FILE", str(hosts))

    assert guard.is_own("db")
    assert guard.is_own("DB.shop.test")
    assert not guard.is_own("cache")
    assert not guard.is_own("mail")


def test_a_missing_hosts_file_names_nothing(guard, tmp_path, monkeypatch):
    monkeypatch.setattr(guard_module, "HOSTS_FILE", str(tmp_path / "missing"))

    assert not guard.is_own("db")


def test_the_look_for_own_addresses_is_safe_in_threads(guard):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(guard.is_own("127.0.0.1"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 8


# Other code that runs when Python starts.


def test_the_users_sitecustomize_runs_after_the_guard(guarded, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('mine')\nMARK = 1\n")

    done = guarded.run(
        "import sitecustomize, sys\nprint(sitecustomize.MARK)\n"
        "print([entry for entry in sys.path if entry.endswith('guard')])",
        path=[tmp_path],
    )

    assert (done.stdout, done.stderr) == ("mine\n1\n[]\n", "")


def test_an_error_in_the_users_sitecustomize_is_reported_by_python(guarded, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("1 / 0\n")

    done = guarded.run("print('goes on')", path=[tmp_path])

    assert done.stdout == "goes on\n"
    assert "ZeroDivisionError" in done.stderr


def test_a_process_without_the_variable_is_not_guarded(guarded):
    code = "import sys; sys.audit('socket.getaddrinfo', 'shop.test', 80, 0, 0, 0); print('free')"

    done = guarded.run(
        f"import os, subprocess, sys\ndel os.environ['RETORT_COMPARE_GUARD']\n"
        f"subprocess.run([sys.executable, '-c', {code!r}])"
    )

    assert done.stdout == "free\n"


# Libraries in C.


def test_an_extension_module_that_connects_by_itself_is_recorded(guarded):
    guarded.run("import sys\nsys.audit('import', 'psycopg2._psycopg', '/x.so', None, None, None)")

    assert guarded.observed.libraries == ["psycopg2 (libpq)"]


def test_a_search_for_an_extension_module_is_not_recorded(guarded):
    guarded.run("import sys\nsys.audit('import', 'psycopg2._psycopg', None, [], [], [])")

    assert guarded.observed.libraries == []


def test_python_raises_the_event_with_the_file_of_an_extension_module(guarded):
    done = guarded.run("""
        import sys
        seen = []
        sys.addaudithook(lambda event, args: event == "import" and seen.append(args[:2]))
        import msgspec._core
        print([name for name, file in seen if file is not None])
        """)

    assert "'msgspec._core'" in done.stdout, done.stderr


def test_libraries_are_reported_unless_the_network_is_allowed():
    sides = [Observed(libraries=["psycopg2 (libpq)"]), Observed(libraries=["grpcio"])]

    (note,) = notes_on(sides, allows_network=False)

    assert note == (
        "Connections of psycopg2 (libpq), grpcio are not checked: C libraries connect to other"
        " machines without Python's sockets."
    )
    assert notes_on(sides, allows_network=True) == []


def test_each_library_is_an_extension_module_with_a_name():
    assert all(module and name for module, name in LIBRARIES.items())


# Databases outside of the copies.


def test_a_database_outside_of_the_side_is_recorded(guarded, tmp_path):
    guarded.run(f"import sqlite3\nsqlite3.connect({str(tmp_path / 'x.db')!r})")

    assert guarded.observed.databases == [str(tmp_path / "x.db")]


@pytest.mark.parametrize(
    "form", ["pathlib.Path({!r})", "{!r}.encode()", "'file:' + {!r}, uri=True"]
)
def test_each_way_to_name_a_database_is_understood(guarded, tmp_path, form):
    name = form.format(str(tmp_path / "x.db"))

    guarded.run(f"import pathlib, sqlite3\nsqlite3.connect({name})")

    assert guarded.observed.databases == [str(tmp_path / "x.db")]


@pytest.mark.parametrize(
    "name",
    [
        "'own.db'",
        "':memory:'",
        "''",
        "'file:own.db?mode=rwc', uri=True",
        "'file::memory:?cache=shared', uri=True",
        "'file:shared?mode=memory', uri=True",
        "os.path.abspath('../tmp.db')",
    ],
)
def test_a_database_of_the_side_is_not_recorded(guarded, name):
    done = guarded.run(f"import os, sqlite3\nsqlite3.connect({name})")

    assert done.stderr == ""
    assert guarded.observed.databases == []


def test_a_database_that_is_only_read_is_not_recorded(guarded, tmp_path):
    sqlite3.connect(tmp_path / "x.db").close()

    guarded.run(f"import sqlite3\nsqlite3.connect('file:{tmp_path}/x.db?mode=ro', uri=True)")

    assert guarded.observed.databases == []


def test_a_link_in_the_copy_leads_outside(guarded, tmp_path):
    (guarded.folder / "x.db").symlink_to(tmp_path / "real.db")

    guarded.run("import sqlite3\nsqlite3.connect('x.db')")

    assert guarded.observed.databases == [str(tmp_path / "real.db")]


def test_a_database_that_two_sides_use_is_reported_as_shared():
    sides = [Observed(databases=["/x.db", "/a.db"]), Observed(databases=["/x.db", "/b.db"])]

    (note,) = notes_on(sides, allows_network=False)

    assert note == (
        "The sides share the database /x.db, which is not in the program's folder, so each finds"
        " the changes of the others. Name another one for each side by --env SIDE:NAME=VALUE."
    )


def test_nothing_is_observed_before_a_process_has_started(guarded):
    assert guarded.observed == Observed()
