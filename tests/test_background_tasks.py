"""`app.add_background_task`, and asyncio tasks that nothing awaits."""

import asyncio
import contextvars
import functools
import gc
import subprocess
import sys
import textwrap
import threading

import pytest

import retort


@pytest.fixture
def events():
    return []


async def send_async(events, *args, **kwargs):
    await asyncio.sleep(0)
    events.append((args, kwargs))


def send_sync(events, *args, **kwargs):
    events.append((args, kwargs))


@pytest.mark.parametrize("send", [send_async, send_sync])
def test_a_task_gets_its_arguments(app, events, send):
    with app.test_app():
        app.add_background_task(send, events, "to", subject="hello")

    assert events == [(("to",), {"subject": "hello"})]


@pytest.mark.parametrize("send", [send_async, send_sync])
def test_views_of_both_kinds_start_tasks_which_outlive_the_request(app, events, send):
    @app.teardown_request
    def teardown(error):
        events.append("request has ended")
        gate.set()

    gate = threading.Event()

    async def wait_async():
        await asyncio.to_thread(gate.wait, 60)
        await send_async(events)

    def wait_sync():
        gate.wait(60)
        send_sync(events)

    task = wait_async if send is send_async else wait_sync

    @app.get("/async")
    async def on_loop():
        app.add_background_task(task)
        return ""

    @app.get("/sync")
    def in_thread():
        app.add_background_task(task)
        return ""

    for path in ("/async", "/sync"):
        gate.clear()
        with app.test_app() as test_app:
            test_app.test_client().get(path)

    assert events == ["request has ended", ((), {})] * 2


@pytest.mark.parametrize("is_async", [True, False])
def test_a_task_has_an_application_context_of_its_own_and_no_request(app, events, is_async):
    @app.teardown_appcontext
    def teardown(error):
        events.append(("teardown", retort.g.get("name"), error))

    def check():
        assert not retort.has_request_context()
        assert "name" not in retort.g
        retort.g.name = "task"
        events.append(retort.current_app.name)

    async def check_async():
        check()
        await asyncio.sleep(0)
        assert retort.g.name == "task"

    @app.get("/")
    def index():
        retort.g.name = "request"
        app.add_background_task(check_async if is_async else check)
        return ""

    with app.test_app() as test_app:
        test_app.test_client().get("/")

    events.remove(("teardown", "request", None))
    assert events == [app.name, ("teardown", "task", None)]


def test_teardown_functions_get_the_exception_of_the_task(app, events):
    @app.teardown_appcontext
    def teardown(error):
        events.append(type(error))

    async def fail_async():
        raise KeyError

    def fail_sync():
        raise ValueError

    with app.test_app():
        app.add_background_task(fail_async)
    with app.test_app():
        app.add_background_task(fail_sync)

    assert events == [KeyError, ValueError]


def test_context_variables_of_the_caller_are_kept(app, events):
    variable = contextvars.ContextVar("variable")

    async def read_async():
        events.append(variable.get())

    def read_sync():
        events.append(variable.get())

    with app.test_app():
        variable.set("of the caller")
        app.add_background_task(read_async)
        app.add_background_task(read_sync)

    assert events == ["of the caller"] * 2


def test_a_coroutine_runs_on_the_loop_of_the_process_and_a_function_in_another_thread(app, events):
    @app.get("/")
    async def index():
        async def on_loop():
            events.append(threading.current_thread())

        app.add_background_task(on_loop)
        app.add_background_task(lambda: events.append(threading.current_thread()))
        events.append(threading.current_thread())
        return ""

    with app.test_app() as test_app:
        test_app.test_client().get("/")

    assert len(events) == 3
    assert len(set(events)) == 2


@pytest.mark.parametrize("wrap", [lambda f: functools.partial(f), lambda f: lambda: f()])
def test_a_coroutine_function_in_a_partial_or_lambda_is_awaited(app, events, wrap):
    with app.test_app():
        app.add_background_task(wrap(functools.partial(send_async, events)))

    assert events == [((), {})]


def test_a_task_may_start_another_at_the_end(app, events):
    async def first():
        await asyncio.sleep(0.02)
        app.add_background_task(second)

    def second():
        app.add_background_task(send_async, events)

    with app.test_app():
        app.add_background_task(first)

    assert events == [((), {})]


@pytest.mark.parametrize("is_async", [True, False])
def test_a_function_with_a_copy_of_the_request_context_has_the_request(app, events, is_async):
    def read():
        events.append(retort.request.form["name"])

    async def read_async():
        read()

    @app.post("/")
    def index():
        task = read_async if is_async else read
        app.add_background_task(retort.copy_current_request_context(task))
        return ""

    with app.test_app() as test_app:
        test_app.test_client().post("/", data={"name": "Ada"})

    assert events == ["Ada"]


def test_the_number_of_open_tasks_and_their_names_are_known(app):
    gate = threading.Event()

    def wait():
        gate.wait(60)

    with app.test_app():
        assert len(app.background_tasks) == 0
        app.add_background_task(wait)
        app.add_background_task(functools.partial(wait))
        assert len(app.background_tasks) == 2
        assert app.background_tasks.names() == ["wait", "wait"]
        gate.set()

    assert len(app.background_tasks) == 0


# Errors


@pytest.mark.parametrize("error", [ValueError("in a task"), SystemExit("in a task")])
@pytest.mark.parametrize("is_async", [True, False])
def test_an_exception_is_logged_and_later_tasks_run(app, caplog, events, is_async, error):
    async def fail_async():
        raise error

    def fail_sync():
        raise error

    task = fail_async if is_async else fail_sync
    with app.test_app():
        app.add_background_task(task)
        app.add_background_task(send_async, events)
        app.add_background_task(send_sync, events)

    (record,) = caplog.records
    name, line = task.__name__, task.__code__.co_firstlineno
    assert record.name == app.logger.name
    assert record.levelname == "ERROR"
    assert record.getMessage() == (
        f"Exception in the background task {name}() (test_background_tasks.py:{line})"
    )
    assert record.exc_info[1] is error
    assert record.exc_info[2] is not None
    assert events == [((), {})] * 2


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (None, r"got None, which is no function"),
        ("send_mail", r"got 'send_mail', which is no function"),
    ],
)
def test_what_is_no_function_is_refused(app, argument, message):
    with pytest.raises(TypeError, match=message):
        app.add_background_task(argument)
    assert len(app.background_tasks) == 0


@pytest.mark.filterwarnings("error")
def test_a_coroutine_that_was_called_already_is_refused_with_the_call_to_write(app):
    with pytest.raises(TypeError, match=r"add_background_task\(send_async, \.\.\.\)"):
        app.add_background_task(send_async([]))
    gc.collect()


def test_a_generator_function_is_refused(app):
    async def pieces():
        yield

    with pytest.raises(TypeError, match=r"generator function pieces\(\)"):
        app.add_background_task(pieces)


def test_wrong_arguments_are_logged_as_the_error_of_the_task(app, caplog):
    async def send(address):
        """Has a parameter."""

    with app.test_app():
        app.add_background_task(send)

    assert "missing 1 required positional argument" in caplog.text


# The end


def test_a_coroutine_that_does_not_end_in_time_is_cancelled(app, events, caplog):
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.1

    async def hang():
        try:
            await asyncio.sleep(600)
        finally:
            events.append("cancelled")

    @app.after_serving
    def after():
        events.append("after serving")

    @app.teardown_appcontext
    def teardown(error):
        events.append(f"teardown {type(error).__name__}")

    with app.test_app():
        app.add_background_task(hang)

    assert events == ["cancelled", "teardown CancelledError", "after serving", "teardown NoneType"]
    assert [record.getMessage() for record in caplog.records] == [
        "Cancelled at the end of the time to finish: 1 background task (hang)."
    ]
    assert len(app.background_tasks) == 0


def test_functions_that_have_not_begun_are_dropped_at_the_end(app, events, caplog):
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.1
    gate = threading.Event()
    began = threading.Semaphore(0)

    def wait():
        began.release()
        gate.wait(60)

    with app.test_app():
        for _ in range(32):
            app.add_background_task(wait)
        for _ in range(32):
            assert began.acquire(timeout=60)
        app.add_background_task(send_sync, events)

    gate.set()
    assert app.background_tasks.wait(60)
    assert events == []
    assert "33 background tasks (wait, send_sync)" in caplog.text
    assert "could not be cancelled: wait" in caplog.text


def test_a_task_that_cancels_itself_is_logged(app, caplog):
    async def cancel():
        raise asyncio.CancelledError

    with app.test_app():
        app.add_background_task(cancel)

    assert "The background task cancel was cancelled." in caplog.text


def test_a_program_whose_tasks_are_functions_does_not_import_asyncio():
    program = """
        import sys
        from retort import Flask

        app = Flask(__name__)
        with app.test_app():
            app.add_background_task(print, "task")
        print("asyncio" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["task", "False"]


# asyncio.create_task


def wait_for_records(caplog):
    for _ in range(500):
        gc.collect()
        if caplog.records:
            return caplog.records
        threading.Event().wait(0.01)
    return []


def test_an_exception_in_a_task_that_nothing_awaits_is_logged_by_the_application():
    program = """
        import asyncio, gc, time
        from retort import Flask

        app = Flask("shop")
        tasks = []

        async def fail():
            raise ValueError("in a task")

        @app.get("/")
        async def index():
            tasks.append(asyncio.create_task(fail()))
            await asyncio.sleep(0.01)
            return ""

        app.test_client().get("/")
        tasks.clear()
        gc.collect()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert "ERROR in shop: Exception in the asyncio task fail() (<string>:" in done.stderr
    assert "which nothing has awaited\nTraceback" in done.stderr
    assert done.stderr.endswith("ValueError: in a task\n")


def test_an_exception_in_a_callback_of_the_loop_is_logged(app, caplog):
    def fail():
        raise ValueError("in a callback")

    @app.get("/")
    async def index():
        asyncio.get_running_loop().call_soon(fail)
        await asyncio.sleep(0.01)
        return ""

    app.test_client().get("/")

    assert "ValueError: in a callback" in "".join(map(str, wait_for_records(caplog))) + caplog.text


def test_a_task_that_exits_does_not_end_the_loop(app, caplog):
    async def leave():
        sys.exit("from a task")

    @app.get("/")
    async def index():
        task = asyncio.create_task(leave())
        await asyncio.sleep(0.01)
        assert task.done()
        return "here"

    client = app.test_client()
    assert client.get("/").text == "here"
    assert client.get("/").text == "here"
    assert wait_for_records(caplog)
