"""`before_serving`, `while_serving` and `after_serving`: what runs around the time of serving."""

import asyncio
import contextvars
import subprocess
import sys
import textwrap
import threading

import pytest

import retort
from retort.errors import ServingError


@pytest.fixture
def events():
    return []


def test_the_functions_run_around_the_block_in_order(app, events):
    @app.before_serving
    def first():
        events.append("before, sync")

    @app.before_serving
    async def second():
        await asyncio.sleep(0)
        events.append("before, async")

    @app.while_serving
    async def outer():
        events.append("outer begins")
        yield
        events.append("outer ends")

    @app.while_serving
    def inner():
        events.append("inner begins")
        yield
        events.append("inner ends")

    @app.after_serving
    async def third():
        events.append("after, async")

    @app.after_serving
    def fourth():
        events.append("after, sync")

    with app.test_app() as test_app:
        assert test_app.app is app
        events.append("serving")

    assert events == [
        "before, sync",
        "before, async",
        "outer begins",
        "inner begins",
        "serving",
        "after, async",
        "after, sync",
        "inner ends",
        "outer ends",
    ]


def test_an_async_with_block_runs_the_same_functions(app, events):
    @app.before_serving
    def before():
        events.append("before")

    @app.while_serving
    async def around():
        events.append("begins")
        yield
        events.append("ends")

    async def test():
        async with app.test_app() as test_app:
            assert test_app.test_client().get("/").status_code == 404
            events.append("serving")

    asyncio.run(test())
    assert events == ["before", "begins", "serving", "ends"]


def test_functions_of_blueprints_run_once_for_each_blueprint(app, events):
    blueprint = retort.Blueprint("shop", __name__)

    @blueprint.before_app_serving
    def before():
        events.append("before")

    @blueprint.while_app_serving
    async def around():
        events.append("begins")
        yield
        events.append("ends")

    @blueprint.after_app_serving
    async def after():
        events.append("after")

    app.register_blueprint(blueprint, url_prefix="/a")
    app.register_blueprint(blueprint, url_prefix="/b", name="again")

    with app.test_app():
        assert events == ["before", "begins"]
    assert events == ["before", "begins", "after", "ends"]


def test_each_function_has_an_application_context_which_is_torn_down(app, events):
    @app.teardown_appcontext
    def teardown(error):
        events.append(f"teardown {retort.g.pop('name', None)}")

    @app.before_serving
    async def before():
        retort.g.name = retort.current_app.name

    @app.after_serving
    def after():
        assert "name" not in retort.g
        retort.g.name = "the end"

    with app.test_app():
        assert events == [f"teardown {app.name}"]
    assert events[1:] == ["teardown the end"]
    assert not retort.has_app_context()


def test_synchronous_functions_run_in_the_thread_that_starts_the_application(app, events):
    @app.before_serving
    def before():
        events.append(threading.current_thread())

    @app.before_serving
    async def on_loop():
        events.append(threading.current_thread())

    @app.after_serving
    def after():
        events.append(threading.current_thread())

    with app.test_app():
        pass

    assert events[0] is events[2] is threading.current_thread()
    assert events[1] is not events[0]


def test_coroutines_run_in_one_task_and_on_the_loop_of_the_views(app, events):
    @app.before_serving
    async def before():
        events.append(asyncio.current_task())

    @app.while_serving
    async def around():
        events.append(asyncio.current_task())
        yield
        events.append(asyncio.current_task())

    @app.get("/")
    async def index():
        return str(asyncio.get_running_loop() is events[0].get_loop())

    with app.test_app() as test_app:
        assert test_app.test_client().get("/").text == "True"

    assert len(set(events)) == 1


def test_a_context_variable_can_be_reset_after_the_yield(app, events):
    variable = contextvars.ContextVar("variable", default="unset")

    @app.while_serving
    async def around():
        token = variable.set("set")
        yield
        events.append(variable.get())
        variable.reset(token)

    @app.while_serving
    def inside():
        events.append(variable.get())
        yield

    with app.test_app():
        assert variable.get() == "unset"
    assert events == ["set", "set"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="another Python: TaskGroup is new in 3.11")
def test_a_task_group_may_stay_open_while_the_application_serves(app, events):
    @app.while_serving
    async def around():
        async with asyncio.TaskGroup() as group:
            stop = asyncio.Event()
            group.create_task(worker(stop))
            yield
            stop.set()

    async def worker(stop):
        await stop.wait()
        events.append("worker has ended")

    with app.test_app():
        assert events == []
    assert events == ["worker has ended"]


# Errors


def test_an_error_before_serving_prevents_the_start_and_names_the_function(app, events):
    @app.while_serving
    async def never():
        events.append("never")
        yield

    @app.before_serving
    async def open_pool():
        raise ConnectionRefusedError("no database")

    @app.after_serving
    def close_pool():
        events.append("closed")

    with pytest.raises(ServingError) as raised, app.test_app():
        pass

    line = open_pool.__code__.co_firstlineno
    assert str(raised.value) == (
        f"The before_serving function open_pool() (test_serving_hooks.py:{line}) raised"
        " ConnectionRefusedError: no database"
    )
    assert isinstance(raised.value.__cause__, ConnectionRefusedError)
    assert events == []


def test_generators_that_have_started_are_ended_if_a_later_one_fails(app, events):
    @app.while_serving
    async def first():
        yield
        events.append("first ends")

    @app.while_serving
    def second():
        yield
        events.append("second ends")

    @app.while_serving
    async def third():
        raise ValueError
        yield

    with pytest.raises(ServingError, match=r"while_serving function third\(\)"), app.test_app():
        pass

    assert events == ["second ends", "first ends"]


def test_the_application_can_be_started_after_a_failed_start(app, events):
    @app.before_serving
    def fails_once():
        events.append("called")
        if len(events) == 1:
            raise ValueError

    with pytest.raises(ServingError), app.test_app():
        pass
    with app.test_app():
        assert app.serving is not None
    assert app.serving is None


def test_an_error_after_serving_is_raised_when_all_others_have_run(app, events, caplog):
    @app.after_serving
    async def first():
        raise ValueError("first")

    @app.after_serving
    def second():
        events.append("second")
        raise KeyError("second")

    @app.while_serving
    async def around():
        yield
        events.append("around ends")

    with pytest.raises(ServingError, match=r"first\(\).*ValueError: first"), app.test_app():
        pass

    assert events == ["second", "around ends"]
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "The after_serving function first()",
        "The after_serving function second()",
    ]


def test_the_error_of_a_test_is_not_replaced_by_one_after_serving(app):
    @app.after_serving
    def after():
        raise ValueError

    with pytest.raises(ZeroDivisionError), app.test_app():
        raise ZeroDivisionError


def test_an_error_in_teardown_after_serving_is_reported(app, caplog):
    @app.after_serving
    def after():
        """Does nothing."""

    @app.teardown_appcontext
    def teardown(error):
        raise ValueError("in teardown")

    with pytest.raises(ServingError, match="ValueError: in teardown"), app.test_app():
        pass
    assert "in teardown" in caplog.text


@pytest.mark.parametrize("is_async", [True, False])
def test_a_generator_without_a_yield_at_run_time_prevents_the_start(app, is_async):
    if is_async:

        async def around():
            if retort.current_app.debug:
                yield
    else:

        def around():
            if retort.current_app.debug:
                yield

    app.while_serving(around)
    with pytest.raises(ServingError, match=r"around\(\).*it ended without a yield"), app.test_app():
        pass


@pytest.mark.parametrize("is_async", [True, False])
def test_a_second_yield_ends_the_generator_with_an_error(app, events, is_async):
    if is_async:

        async def around():
            yield
            try:
                yield
            finally:
                events.append("closed")
    else:

        def around():
            yield
            try:
                yield
            finally:
                events.append("closed")

    app.while_serving(around)
    with pytest.raises(ServingError, match=r"around\(\).*second yield"), app.test_app():
        pass
    assert events == ["closed"]


def test_a_coroutine_that_does_not_end_in_time_is_cancelled(app, events):
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.1

    @app.after_serving
    async def hang():
        try:
            await asyncio.sleep(600)
        finally:
            events.append("cancelled")

    @app.while_serving
    async def around():
        yield
        events.append("around ends")

    message = r"hang\(\).*cancelled at the end of the time"
    with pytest.raises(ServingError, match=message), app.test_app():
        pass
    assert events[0] == "cancelled"


def test_an_application_is_started_once_at_a_time(app):
    with app.test_app():
        with pytest.raises(RuntimeError, match="called already in this process"):
            app.test_app().__enter__()
        assert app.serving is not None


@pytest.mark.parametrize("decorator", ["before_serving", "after_serving"])
def test_a_generator_function_is_refused_where_it_would_never_run(app, decorator):
    async def around():
        yield

    with pytest.raises(TypeError, match=r"around\(\).*Use @while_serving"):
        getattr(app, decorator)(around)


def test_a_function_without_a_yield_is_refused_around_serving(app):
    async def around():
        """Has no yield."""

    with pytest.raises(TypeError, match=r"around\(\).*no generator function. Write a yield"):
        app.while_serving(around)


def test_a_context_manager_function_is_refused_with_what_to_remove(app):
    import contextlib

    @contextlib.asynccontextmanager
    async def around():
        yield

    with pytest.raises(TypeError, match="Remove the other decorator"):
        app.while_serving(around)


@pytest.mark.parametrize("decorator", ["before_serving", "after_serving", "while_serving"])
def test_what_is_no_function_is_refused(app, decorator):
    with pytest.raises(TypeError, match=f"@{decorator} was applied to 'text', which is no"):
        getattr(app, decorator)("text")


def test_blueprints_refuse_the_same_and_name_their_decorators():
    blueprint = retort.Blueprint("shop", __name__)

    with pytest.raises(TypeError, match="@before_app_serving was applied to None"):
        blueprint.before_app_serving(None)
    with pytest.raises(TypeError, match="@while_app_serving was applied to None"):
        blueprint.while_app_serving(None)


def test_a_function_that_is_registered_after_the_first_request_is_refused(app):
    app.test_client().get("/")

    with pytest.raises(AssertionError, match="before_serving"):
        app.before_serving(lambda: None)


# Without a start


def test_a_first_request_without_a_start_is_a_warning(app, caplog):
    app.testing = False

    @app.before_serving
    def before():
        raise AssertionError

    client = app.test_client()
    client.get("/")
    client.get("/")

    (record,) = caplog.records
    assert "have not been called" in record.getMessage()
    assert record.levelname == "WARNING"


def test_a_test_client_alone_runs_nothing_and_warns_of_nothing(app, events, caplog):
    app.testing = True
    app.before_serving(lambda: events.append("called"))

    app.test_client().get("/")

    assert events == []
    assert caplog.records == []


def test_a_started_application_does_not_warn(app, caplog):
    app.testing = False
    app.before_serving(lambda: None)

    with app.test_app() as test_app:
        test_app.test_client().get("/")

    assert caplog.records == []


def test_startup_and_shutdown_start_and_stop_the_application(app, events):
    @app.before_serving
    async def before():
        events.append("before")

    @app.after_serving
    def after():
        events.append("after")

    app.async_to_sync(app.startup)()
    assert events == ["before"]
    app.async_to_sync(app.shutdown)()
    assert events == ["before", "after"]


def test_shutdown_without_startup_is_an_error(app):
    with pytest.raises(RuntimeError, match="was not started"):
        app.async_to_sync(app.shutdown)()


def test_a_program_without_coroutine_functions_does_not_import_asyncio():
    program = """
        import sys
        from retort import Flask

        app = Flask(__name__)
        app.before_serving(lambda: print("before"))
        app.after_serving(lambda: print("after"))

        @app.while_serving
        def around():
            yield

        with app.test_app() as test_app:
            test_app.test_client().get("/")
        print("asyncio" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["before", "after", "False"]


# ASGI


def lifespan(app, *kinds):
    """Send the messages of the lifespan protocol; the answers."""
    sent = []

    async def run():
        messages = iter([{"type": f"lifespan.{kind}"} for kind in kinds])

        async def receive():
            return next(messages)

        async def send(message):
            sent.append(message)

        await app.asgi({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)

    asyncio.run(run())
    return sent


def test_lifespan_runs_the_functions_on_the_loop_of_the_server(app, events):
    @app.before_serving
    async def before():
        events.append(asyncio.get_running_loop())

    @app.after_serving
    def after():
        events.append("after")

    sent = lifespan(app, "startup", "shutdown")

    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert events[1:] == ["after"]


def test_a_failed_start_is_reported_to_the_server(app):
    @app.before_serving
    async def before():
        raise ValueError("no database")

    (message,) = lifespan(app, "startup")

    assert message["type"] == "lifespan.startup.failed"
    assert "before() (test_serving_hooks.py:" in message["message"]
    assert message["message"].endswith("raised ValueError: no database")


def test_a_failed_stop_is_reported_to_the_server(app):
    @app.after_serving
    async def after():
        raise ValueError("broken")

    *_, message = lifespan(app, "startup", "shutdown")

    assert message["type"] == "lifespan.shutdown.failed"
    assert "ValueError: broken" in message["message"]
