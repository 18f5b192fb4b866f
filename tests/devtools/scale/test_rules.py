"""Each rule of `retort check --scale` on short programs; all are checked in one process.

A comment ``# local: RULE`` marks the line of a finding; a program without one has none.
"""

import re
from textwrap import dedent

import pytest

HEAD = "import os\nfrom retort import *\nfrom retort import websocket\n\napp = Flask(__name__)\n"
LABEL = re.compile(r"# local: ([\w-]+)")

CASES = {
    # Names, aliases, items
    "an item by an alias": """
        users = {"ada": {"n": 1}}
        @app.get("/")
        def index():
            user = users["ada"]
            user["n"] = 2  # local: module-data
            return ""
    """,
    "all items in a loop": """
        users = {"ada": {"n": 1}}
        @app.get("/")
        def index():
            for name, user in sorted(users.items()):
                user["n"] = 0  # local: module-data
            return ""
    """,
    "items of an empty dictionary": """
        users = {}
        @app.get("/<name>")
        def index(name):
            users.setdefault(name, []).append("seen")  # local: module-data
            return ""
    """,
    "data that a function returns": """
        users = {}
        def all_users():
            return users
        @app.get("/")
        def index():
            all_users()["ada"] = 1  # local: module-data
            return ""
    """,
    "a filtered item": """
        users = [{"name": "ada"}]
        @app.get("/")
        def index():
            found = [user for user in users if user["name"] == "ada"]
            found[0]["seen"] = True  # local: module-data
            return ""
    """,
    "a new object under a global name": """
        users = {}
        @app.post("/")
        def index():
            global users
            users = {}  # local: module-data
            return ""
    """,
    "a heap, which a function of the library changes": """
        import heapq
        jobs = []
        @app.post("/")
        def index():
            heapq.heappush(jobs, 1)  # local: module-data
            return ""
    """,
    "a shuffled list": """
        import random
        cards = [1, 2, 3]
        @app.get("/")
        def index():
            random.shuffle(cards)  # local: module-data
            return cards
    """,
    "a deleted item": """
        users = {"ada": 1}
        @app.delete("/<name>")
        def delete(name):
            del users[name]  # local: module-data
            return ""
    """,
    "a cycle": """
        import itertools
        backends = itertools.cycle("ab")
        @app.get("/")
        def index():
            return next(backends)  # local: module-data
    """,
    "a generator": """
        numbers = (number for number in range(10))
        @app.get("/")
        def index():
            return str(next(numbers))  # local: module-data
    """,
    "a queue": """
        import queue
        jobs = queue.Queue()
        @app.post("/")
        def index():
            jobs.put(1)  # local: module-data
            return ""
    """,
    "a namespace": """
        from types import SimpleNamespace
        state = SimpleNamespace(visits=0)
        @app.get("/")
        def index():
            state.visits += 1  # local: module-data
            return ""
    """,
    "a variable of the environment": """
        @app.post("/")
        def index():
            os.environ["MOTTO"] = "x"  # local: module-data
            return ""
    """,
    "an object of a dataclass": """
        from dataclasses import dataclass
        @dataclass
        class State:
            visits: int = 0
        state = State()
        @app.get("/")
        def index():
            state.visits += 1  # local: module-data
            return ""
    """,
    "a class method": """
        class Numbers:
            last = 0
            @classmethod
            def take(cls):
                cls.last += 1  # local: module-data
                return cls.last
        @app.get("/")
        def index():
            return str(Numbers.take())
    """,
    "an object among the extensions": """
        app.extensions["counter"] = {"n": 0}
        @app.get("/")
        def index():
            current_app.extensions["counter"]["n"] += 1  # local: module-data
            return ""
    """,
    "a value that the processes of one machine share": """
        import multiprocessing
        visits = multiprocessing.Value("i", 0, lock=False)
        counter = multiprocessing.Value("i", 0)
        @app.get("/")
        def index():
            counter.value += 1  # local: module-data
            return ""
    """,
    "an item of an object with items of its own": """
        class Store:
            def __init__(self):
                self.rows = {}
            def __setitem__(self, key, value):
                self.rows[key] = value  # local: module-data
        store = Store()
        @app.put("/<key>")
        def put(key):
            store[key] = 1
            return ""
    """,
    "a property with a setter": """
        class Store:
            _size = 0
            @property
            def size(self):
                return self._size
            @size.setter
            def size(self, value):
                self._size = value  # local: module-data
        store = Store()
        @app.put("/<int:size>")
        def put(size):
            store.size = size
            return ""
    """,
    "an object whose items are in a library's object": """
        from retort.json.tag import TaggedJSONSerializer
        class Store:
            def __init__(self):
                self.client = TaggedJSONSerializer()
            def __setitem__(self, key, value):
                self.client[key] = value
            @property
            def size(self):
                return 0
            @size.setter
            def size(self, value):
                self.client.register(value)
        store = Store()
        @app.put("/<key>")
        def put(key):
            store[key] = store.size = 1
            return ""
    """,
    # Functions that requests run
    "an error handler": """
        missing = []
        @app.errorhandler(404)
        def handler(error):
            missing.append(request.path)  # local: module-data
            return "", 404
    """,
    "a template filter": """
        seen = []
        @app.template_filter("mark")
        def mark(text):
            seen.append(text)  # local: module-data
            return text
    """,
    "a background task": """
        sent = []
        async def send():
            sent.append(1)  # local: module-data
        @app.post("/")
        async def index():
            current_app.add_background_task(send)
            return ""
    """,
    "an async view": """
        visits = {"n": 0}
        @app.get("/")
        async def index():
            visits["n"] += 1  # local: module-data
            return ""
    """,
    "a method that another method calls": """
        class Store:
            def __init__(self):
                self.rows = []
            def add(self, row):
                self._keep(row)
            def _keep(self, row):
                self.rows.append(row)  # local: module-data
        store = Store()
        @app.post("/")
        def index():
            store.add(1)
            return ""
    """,
    "two stores of one class": """
        class Store:
            def __init__(self):
                self.rows = []
            def add(self, row):
                self.rows.append(row)  # local: module-data
        first, second = Store(), Store()
        @app.post("/")
        def index():
            first.add(1)
            return ""
    """,
    "a flag that decides an answer": """
        is_taken = False
        @app.post("/")
        def index():
            global is_taken
            if not is_taken:
                is_taken = True  # local: module-data
                return "first"
            return "too late"
    """,
    "the first visitor's name": """
        first = None
        @app.get("/")
        def index():
            global first
            if first is None:
                first = request.args["name"]  # local: module-data
            return first
    """,
    "a dictionary of what was seen": """
        seen = {}
        @app.get("/<word>")
        def index(word):
            if word not in seen:
                seen[word] = True  # local: module-data
            return ""
    """,
    # Without a finding
    "a nested function's own variable": """
        @app.get("/")
        def index():
            number = 0
            def add():
                nonlocal number
                number += 1
            add()
            return str(number)
    """,
    "a merged copy": """
        defaults = {"a": 1}
        @app.get("/")
        def index():
            options = defaults | request.args.to_dict()
            options["b"] = 2
            return options
    """,
    "results with an end": """
        results = {}
        def compute(number):
            found = results.get(number)
            if found is None:
                found = results[number] = pow(number, 2)
            if len(results) > 100:
                results.clear()
            return found
        @app.get("/<int:number>")
        def index(number):
            return str(compute(number))
    """,
    "an object of the application at its first use": """
        def client():
            if not hasattr(current_app, "client"):
                current_app.client = object()
            return current_app.client
        @app.get("/")
        def index():
            return str(bool(client()))
    """,
    "an early return": """
        _pool = None
        def pool():
            global _pool
            if _pool is not None:
                return _pool
            address = os.environ.get("POOL", "here")
            _pool = object() if address else None
            return _pool
        @app.get("/")
        def index():
            return str(bool(pool()))
    """,
    "a function that only a command calls": """
        rows = []
        def fill():
            rows.append(1)
        @app.cli.command("fill")
        def command():
            fill()
    """,
    "an async queue of one request": """
        import asyncio
        @app.get("/")
        async def index():
            queue = asyncio.Queue()
            queue.put_nowait(1)
            return str(queue.get_nowait())
    """,
    # Kept results
    "cached rows": """
        import functools, sqlite3
        def database():
            return sqlite3.connect("file:words?mode=ro", uri=True)
        @functools.lru_cache(maxsize=10)  # local: cached-data
        def rows(name):
            return database().execute("SELECT 1").fetchall()
        @app.get("/<name>")
        def index(name):
            return rows(name)
    """,
    "rows in a dictionary": """
        import sqlite3
        kept = {}
        def load(name):
            return sqlite3.connect("file:words?mode=ro", uri=True).execute("SELECT 1").fetchall()
        @app.get("/<name>")
        def index(name):
            if name not in kept:
                kept[name] = load(name)  # local: cached-data
            return kept[name]
    """,
    # Connections
    "a set of queues of WebSockets": """
        import asyncio
        queues = set()
        @app.websocket("/", origins=["https://example.com"])
        async def socket():
            queue = asyncio.Queue()
            queues.add(queue)  # local: socket-hub
            await websocket.send(await queue.get())
        @app.post("/")
        async def send():
            for queue in queues:
                queue.put_nowait("x")
            return ""
    """,
    # Keys
    "a key that a function generates": """
        import secrets
        def make_key():
            return secrets.token_hex()
        app.config["SECRET_KEY"] = make_key()  # local: random-key
    """,
    "a key under another name": """
        import secrets
        KEY = secrets.token_bytes(16)
        app.config.from_mapping(SECRET_KEY=KEY)  # local: random-key
    """,
    "a key of tokens": """
        import uuid
        app.config["JWT_SECRET_KEY"] = uuid.uuid4().hex  # local: random-key
    """,
    "a default of a variable": """
        app.secret_key = os.environ.get("NO_KEY", os.urandom(16))  # local: random-key-fallback
    """,
    "a key where there is none": """
        if not app.secret_key:
            app.secret_key = os.urandom(16)  # local: random-key-fallback
    """,
    "a choice between two keys": """
        import secrets
        is_test = True
        app.secret_key = "fixed" if is_test else secrets.token_hex()  # local: random-key-fallback
    """,
    "a key as a default": """
        import secrets
        app.config.setdefault("SECRET_KEY", secrets.token_hex())  # local: random-key-fallback
    """,
    "a fixed key, and a token of a request": """
        import secrets
        app.secret_key = "fixed"
        @app.get("/")
        def index():
            session["token"] = secrets.token_hex()
            return ""
    """,
    # Threads and locks
    "a thread in one expression": """
        import threading
        threading.Thread(target=print, daemon=True).start()  # local: start-thread
    """,
    "a lock of processes": """
        import multiprocessing
        lock = multiprocessing.Lock()  # local: host-lock
    """,
    "a lock of a file": """
        import fcntl
        @app.post("/")
        def index():
            with open(__file__) as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # local: host-lock
            return ""
    """,
    # Databases
    "a database in memory": """
        import sqlite3
        connection = sqlite3.connect(":memory:", check_same_thread=False)  # local: local-database
    """,
    "a shelf": """
        import shelve
        @app.get("/")
        def index():
            with shelve.open("words") as words:  # local: local-database
                return dict(words)
    """,
    "a database that is only read": """
        import sqlite3
        @app.get("/")
        def index():
            return sqlite3.connect("words.sqlite3").execute("SELECT word FROM words").fetchall()
    """,
    # Files
    "a text of a path": """
        from pathlib import Path
        @app.post("/")
        def index():
            Path("last.txt").write_text(request.form["text"])  # local: written-file
            return ""
    """,
    "a copied file": """
        import shutil
        @app.post("/")
        def index():
            shutil.copy("a.txt", "b.txt")  # local: written-file
            return ""
    """,
    "pickled objects": """
        import pickle
        @app.post("/")
        def index():
            with open("data.pickle", "wb") as file:  # local: written-file
                pickle.dump([1], file)
            return ""
    """,
    "an upload in a function of its own": """
        def keep(upload):
            upload.save("uploads/x")  # local: upload-folder
        @app.post("/")
        def index():
            for one in request.files.getlist("photos"):
                keep(one)
            return ""
    """,
    "an upload of a form class": """
        class Form:
            photo = None
        @app.post("/")
        def index():
            form = Form()
            form.photo.data.save("uploads/x")  # local: upload-folder
            return ""
    """,
    "files that are read": """
        @app.get("/")
        def index():
            with open(__file__) as file, open(__file__, "rb") as other:
                return file.read() + str(len(other.read()))
    """,
    "a file that keeps nothing": """
        @app.post("/")
        def index():
            with open("/dev/null", "w") as file, open(os.devnull, "w") as other:
                file.write("x")
                other.write("x")
            return ""
    """,
    "a saved model": """
        class Model:
            def save(self, path):
                return path
        @app.get("/")
        def index():
            return Model().save("x")
    """,
    "a temporary file": """
        import os, tempfile
        @app.post("/")
        def index():
            handle, path = tempfile.mkstemp()
            temporary = tempfile.mkdtemp()
            request.files["file"].save(os.path.join(temporary, "x"))
            with tempfile.NamedTemporaryFile("w") as file, open(file.name, "w") as other:
                other.write("x")
            return ""
    """,
    # Information
    "a log file": """
        import logging
        handler = logging.FileHandler(os.devnull, delay=True)  # local: log-file
    """,
    "a task of each worker": """
        async def poll():
            pass
        @app.before_serving
        async def begin():
            app.add_background_task(poll)  # local: serving-task
    """,
}


@pytest.fixture(scope="module")
def found(check_texts):
    return check_texts({name: HEAD + dedent(text) for name, text in CASES.items()})


@pytest.mark.parametrize("name", CASES)
def test_a_rule_reports_the_marked_line_and_no_other(found, name):
    lines = enumerate((HEAD + dedent(CASES[name])).splitlines(), 1)
    marks = ((number, LABEL.search(line)) for number, line in lines)

    expected = {(number, mark[1]) for number, mark in marks if mark}

    assert {(line, rule) for _, line, rule, *_ in found[name]} == expected


def test_a_lock_of_threads_is_a_part_of_the_finding(findings):
    [found] = findings("""
        import threading
        lock = threading.Lock()
        visits = 0

        @app.get("/")
        def index():
            global visits
            with lock:
                visits += 1
            return str(visits)
    """)

    assert found[4] == (
        "index() changes visits (program.py:7), which each process has for itself. Each replica"
        " counts for itself: a visitor sees 3, then 1. lock protects it within one process only."
    )
    assert "store.incr('visits')" in found[5]


def test_data_of_another_module_is_reported_once_with_all_its_lines(findings):
    found = findings(
        """
        import state
        from state import visits as counted

        @app.get("/")
        def index():
            counted["n"] += 1
            return ""

        @app.post("/")
        def reset():
            state.visits.clear()
            state.total = 0
            return ""
        """,
        state="visits = {'n': 0}\ntotal = 1\n",
    )

    assert [(each[1], each[2]) for each in found] == [(10, "module-data"), (16, "module-data")]
    assert "also in line 15" in found[0][4]
    assert "state.total" in found[1][4]


def test_a_fallback_names_its_condition(findings):
    [found] = findings("import os\napp.secret_key = os.environ.get('NO_KEY') or os.urandom(9)\n")

    assert found[2:4] == ["random-key-fallback", "warning"]
    assert found[4].startswith("Where os.environ.get('NO_KEY') has no value, os.urandom(9)")
    assert 'os.environ["SECRET_KEY"]' in found[5]
