"""SQLite: a connection of another thread, a table that does not exist, a lock."""

import sqlite3
import sys
import threading
from contextlib import closing

import pytest

GLOBAL = """
    import sqlite3
    from flask import Flask

    app = Flask(__name__)
    conn = sqlite3.connect('names.db')
    {setup}


    @app.get('/')
    def index():
        {body}
"""
CREATE = "conn.execute('create table if not exists names (name text)')"
COUNT = "return str(conn.execute('select count(*) from names').fetchone()[0])"


@pytest.fixture
def in_another_thread(mistake, monkeypatch):
    """Load the program in a thread of its own, as a server does that calls views in threads."""
    load = mistake.load

    def load_in_thread():
        thread = threading.Thread(target=load)
        thread.start()
        thread.join()
        return mistake.app

    monkeypatch.setattr(mistake, "load", load_in_thread)


def written(mistake, setup=CREATE, body=COUNT):
    text = GLOBAL.replace("{setup}", setup.replace("\n", "\n    "))
    mistake.write("program.py", text.replace("{body}", body.replace("\n", "\n        ")))


# Another thread


@pytest.mark.usefixtures("in_another_thread")
@pytest.mark.parametrize(
    ("setup", "body", "text"),
    [
        (CREATE, COUNT, "0"),
        (
            f"{CREATE}\ncur = conn.cursor()",
            (
                "cur.execute('insert into names values (1)')\nconn.commit()\n"
                "cur.execute('select count(*) from names')\nreturn str(cur.fetchone()[0])"
            ),
            "1",
        ),
        (
            f"conn.row_factory = sqlite3.Row\n{CREATE}",
            (
                "row = conn.execute('select count(*) as n from names').fetchone()\n"
                "return str(row['n'])"
            ),
            "0",
        ),
        (
            f"def create():\n    {CREATE}\n\ncreate()",
            f'"""Count the names."""\n{COUNT}',
            "0",
        ),
    ],
)
def test_each_request_gets_its_own_connection(mistake, setup, body, text):
    written(mistake, setup, body)

    advice = mistake.advised("GET", "/")

    name = "cur" if body.startswith("cur") else "conn"
    assert advice.what == f"{name} was used in another thread than the one that opened it."
    assert ("Opened at", "program.py:5: conn = sqlite3.connect('names.db')") in advice.facts
    assert advice.place.function == "index"
    assert mistake.mended("GET", "/").text == text
    assert "@app.teardown_appcontext" in (mistake.folder / "program.py").read_text()


@pytest.mark.usefixtures("in_another_thread")
def test_the_connection_is_closed_after_the_request(mistake):
    written(mistake, CREATE, f"from flask import g\nindex.seen = g\n{COUNT}")
    mistake.advised("GET", "/")
    mistake.mended("GET", "/")

    with mistake.app.app_context() as context:
        db = vars(__import__("program"))["get_db"]()
        assert db.execute("select 1").fetchone() == (1,)
    assert "db" not in context.g
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("select 1")


@pytest.mark.usefixtures("in_another_thread")
@pytest.mark.parametrize(
    ("setup", "body"),
    [
        ("conn = sqlite3.connect(':memory:')", "return str(conn.execute('select 1'))"),
        (f"get_db = None\n{CREATE}", COUNT),
        (f"g = None\n{CREATE}", COUNT),
        (CREATE, f"global conn\n{COUNT}"),
        (
            f"def create():\n    {CREATE}\n\ncreate()",
            "create()\nreturn ''",
        ),
    ],
)
def test_a_change_that_is_not_certain_to_work_is_not_proposed(mistake, setup, body):
    written(mistake, setup, body)

    advice = mistake.advised("GET", "/")

    assert advice.what == "conn was used in another thread than the one that opened it."
    assert advice.diff == ""


# No such table


def test_the_database_and_its_tables_are_named(mistake):
    written(mistake, "conn.execute('create table if not exists people (name text)')", COUNT)

    advice = mistake.advised("GET", "/")

    file = mistake.folder / "names.db"
    assert advice.what == f"There is no table 'names' in {file}."
    assert ("Database", str(file)) in advice.facts
    assert ("Tables", "people") in advice.facts
    assert advice.place.source == COUNT


def test_a_misspelt_table_is_corrected(mistake):
    written(mistake, "conn.execute('create table if not exists name (name text)')", COUNT)

    advice = mistake.advised("GET", "/")

    assert advice.what.endswith("names.db. Did you mean 'name'?")
    assert advice.fix == "Write name in the query."


CLOSED = """
    import sqlite3
    from flask import Flask, g

    app = Flask(__name__)
    app.config['DATABASE'] = 'names.db'

    def get_db():
        if 'db' not in g:
            g.db = sqlite3.connect({path})
        return g.db

    @app.teardown_appcontext
    def close_db(error):
        g.pop('db').close()

    @app.get('/')
    def index():
        return str(get_db().execute('select * from names').fetchall())
"""


@pytest.mark.parametrize("path", ["'names.db'", "app.config['DATABASE']"])
def test_the_file_of_a_closed_connection_is_that_of_the_only_call(mistake, path):
    mistake.write("program.py", CLOSED.format(path=path))

    advice = mistake.advised("GET", "/")

    assert advice.what == f"There is no table 'names' in {mistake.folder / 'names.db'}."
    assert ("Tables", "none") in advice.facts


def test_no_file_is_named_if_there_are_two(mistake):
    mistake.write("program.py", CLOSED.format(path="'names.db'"))
    text = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", f"{text}\n\ndef other():\n    sqlite3.connect('other.db')\n")

    advice = mistake.advised("GET", "/")

    assert advice.what == "There is no table 'names' in the database."
    assert advice.facts == ()


def test_a_file_of_this_name_in_the_folder_of_the_program_is_found(mistake, monkeypatch):
    mistake.write("program.py", CLOSED.format(path="'names.db'"))
    sqlite3.connect(mistake.folder / "names.db").execute("create table names (name text)")
    (mistake.folder / "elsewhere").mkdir()
    monkeypatch.chdir(mistake.folder / "elsewhere")

    advice = mistake.advised("GET", "/")

    assert advice.what == f"There is no table 'names' in {mistake.folder}/elsewhere/names.db."
    assert advice.why.startswith(f"{mistake.folder}/names.db has this table")
    assert "os.path.join(app.root_path" in advice.fix


def test_the_command_that_creates_the_tables_is_named(mistake):
    mistake.write("program.py", CLOSED.format(path="'names.db'"))
    mistake.write("schema.sql", "-- all tables\nCREATE TABLE IF NOT EXISTS names (name text);\n")

    plain = mistake.advised("GET", "/")
    text = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", f"{text}\n\n@app.cli.command('init-db')\ndef init(): pass\n")
    with_command = mistake.advised("GET", "/")

    assert plain.fix == "Run the statement that creates it (schema.sql:2)."
    assert with_command.fix == "Run the program's command 'init-db'."
    assert ("Created by", "schema.sql:2") in with_command.facts


def test_a_function_that_creates_the_table_is_named(mistake):
    mistake.write("program.py", CLOSED.format(path="'names.db'"))
    text = (mistake.folder / "program.py").read_text()
    create = "get_db().execute('''create table\n    names (name text)''')"
    mistake.write("program.py", f"{text}\n\ndef create_all():\n    {create}\n")

    advice = mistake.advised("GET", "/")

    assert advice.fix.startswith("Run the statement that creates it (program.py:")
    assert "in create_all()" in advice.fix


# Locked


def test_a_lock_is_explained_without_a_guess_who_holds_it(mistake):
    mistake.write("program.py", CLOSED.format(path="'names.db', timeout=0"))
    other = sqlite3.connect(mistake.folder / "names.db", isolation_level=None)
    other.execute("create table names (name text)")
    other.execute("begin exclusive")

    advice = mistake.advised("GET", "/")
    other.close()

    file = mistake.folder / "names.db"
    if sys.version_info >= (3, 11):
        assert advice.what == f"Another connection holds a lock on the database {file}."
    else:
        assert advice.what.startswith(f"The database {file} is locked: another connection")
    assert advice.diff == ""


def test_a_snapshot_that_is_too_old_is_not_explained_as_a_lock(mistake):
    mistake.write(
        "program.py",
        CLOSED.format(path="'names.db', timeout=0, isolation_level=None").replace(
            "return str(",
            "other = sqlite3.connect('names.db', isolation_level=None)\n"
            "        get_db().execute('begin')\n"
            "        get_db().execute('select * from names').fetchall()\n"
            "        other.execute('insert into names values (1)')\n"
            "        get_db().execute('insert into names values (2)')\n"
            "        return str(",
        ),
    )
    with closing(sqlite3.connect(mistake.folder / "names.db")) as database:
        database.execute("pragma journal_mode=wal")
        database.execute("create table names (name text)")

    advice = mistake.advised("GET", "/")

    assert "or has written since this one began to read." in advice.what


def test_another_error_of_sqlite_has_no_advice(mistake):
    mistake.write("program.py", CLOSED.format(path="'names.db'").replace("select *", "choose *"))

    mistake.ask("GET", "/")

    assert mistake.errors
    assert mistake.advice is None


def test_a_table_of_a_library_that_wraps_sqlite_is_created_by_the_library(mistake):
    mistake.write(
        "program.py",
        """
        import sqlite3
        from flask import Flask

        app = Flask(__name__)
        app.extensions['sqlalchemy'] = object()
        own = sqlite3.connect('own.db')

        class OperationalError(Exception):
            pass

        @app.get('/')
        def index():
            try:
                sqlite3.connect(':memory:').execute('select * from names')
            except sqlite3.Error as error:
                wrapped = OperationalError(str(error))
                wrapped.orig = error
                raise wrapped from error
        """,
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == "There is no table 'names' in the database."
    assert advice.fix.startswith("Call db.create_all()")
