"""What threads share while they answer requests: tables, plans, and classes that change.

Each test would need luck to fail; it gets some by having threads take turns as often as Python
lets them.
"""

import logging
import sys
import threading

import pytest
from werkzeug.exceptions import NotFound

import retort
from retort.bounded import BoundedCache
from retort.devtools.warnings import watch
from retort.server.protocol.environ import EnvironFactory
from retort.server.protocol.response_head import make_head
from retort.server.protocol.validation import RequestValidator

THREADS = 8


@pytest.fixture(autouse=True)
def _taking_turns_often():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def run_together(job):
    """Run ``job(number)`` in some threads at once; what one raises is raised here."""
    errors = []
    start = threading.Barrier(THREADS)

    def run(number):
        start.wait(60)
        try:
            job(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_bounded_cache_has_only_what_was_kept_and_no_more_than_fits():
    cache = BoundedCache(16)

    def use(number):
        for key in range(number, number + 10_000):
            cache.keep(key % 64, key % 64)
            assert cache.get((key + 32) % 64) in {None, (key + 32) % 64}

    run_together(use)

    assert len(cache) <= 16 + THREADS


def test_a_bounded_cache_is_emptied_before_the_entry_that_does_not_fit():
    cache = BoundedCache(2)
    for number in range(3):
        cache.keep(number, str(number))

    assert cache == {2: "2"}


@pytest.fixture
def program():
    app = retort.Flask("shared")
    app.secret_key = "a key"
    inner, outer = retort.Blueprint("inner", __name__), retort.Blueprint("outer", __name__)

    @inner.get("/<name>/<int:number>")
    def page(name, number):
        retort.session["name"] = name
        target = retort.url_for(".page", name=name, number=number)
        return retort.render_template_string("{{ n }} {{ t }}", n=name, t=target)

    @app.get("/go/<name>")
    def go(name):
        return retort.redirect(f"/outer/inner/{name}/1?from={name}")

    @app.get("/json/<name>")
    def json(name):
        return {"name": name, "cookie": retort.request.cookies.get("c"), "at": retort.request.host}

    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/outer")
    return app


def test_requests_of_threads_with_names_of_their_own_are_not_mixed_up(program):
    def ask(number):
        client = program.test_client()
        for turn in range(150):
            name = f"n{number}-{turn}"
            host = f"h{number}-{turn}.example.org"
            client.set_cookie("c", name, domain=host)
            page = client.get(f"/outer/inner/{name}/{turn}", base_url=f"http://{host}")
            assert page.text == f"{name} /outer/inner/{name}/{turn}"
            with client.session_transaction(base_url=f"http://{host}") as session:
                assert session["name"] == name
            gone = client.get(f"/go/{name}", base_url=f"http://{host}")
            assert gone.location == f"/outer/inner/{name}/1?from={name}"
            answer = client.get(f"/json/{name}", base_url=f"http://{host}").json
            assert answer == {"name": name, "cookie": name, "at": host}

    run_together(ask)


def test_the_first_requests_of_a_program_may_come_at_once(program):
    def ask(number):
        assert program.test_client().get(f"/outer/inner/a/{number}").text == (
            f"a /outer/inner/a/{number}"
        )

    run_together(ask)


def test_posts_from_pages_of_many_origins_are_judged_one_by_one():
    app = retort.Retort("origins")
    app.config["SECRET_KEY"] = "a key"
    app.add_url_rule("/", view_func=lambda: "taken", methods=["POST"])

    def ask(number):
        client = app.test_client()
        for turn in range(200):
            host = f"h{number}-{turn}.example.org"
            own = client.post("/", base_url=f"http://{host}", headers={"Origin": f"http://{host}"})
            other = client.post("/", base_url=f"http://{host}", headers={"Origin": "http://x.org"})
            assert (own.status_code, other.status_code) == (200, 403)

    run_together(ask)


def test_the_checks_of_debug_mode_do_not_fail_when_one_client_sends_many_requests(caplog):
    app = retort.Flask("debugged")
    app.debug = True
    watch(app)
    app.add_url_rule("/go/<int:step>", "go", lambda step: retort.redirect(f"/go/{step + 1}"))
    app.add_url_rule("/<int:step>", "stay", lambda step: f"<p>{step}</p>")
    caplog.set_level(logging.DEBUG, "retort.devtools")

    def ask(number):
        client = app.test_client()
        for step in range(100):
            assert client.get(f"/go/{step}").location == f"/go/{step + 1}"
            assert client.get(f"/{step}").text == f"<p>{step}</p>"

    run_together(ask)

    assert "failed" not in caplog.text


def test_the_server_reads_names_and_hosts_of_many_clients():
    environs = EnvironFactory(is_multiprocess=False, is_multithread=True)
    guard = RequestValidator(lambda environ, start_response: [])

    def read(number):
        for turn in range(2_000):
            name = f"x-{number}-{turn % 700}".encode()
            fields = [(name, b"1"), (b"x-a", b"2"), (b"x-a", b"3")]
            assert environs.read_fields(fields) == {
                f"HTTP_X_{number}_{turn % 700}": "1",
                "HTTP_X_A": "2, 3",
            }
            status = f"{200 + turn % 700} X"
            head = make_head(status, [(f"X-{number}-{turn % 700}", "1")], "GET")
            assert head.fields == [(name, b"1")]
            host = {"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": f"h{number}-{turn}"}
            assert guard.refuse_host(host) is None

    run_together(read)


# A class that is patched


def test_a_request_sees_a_method_that_was_replaced_before_it_began():
    class App(retort.Flask):
        pass

    app = App("patched")
    app.add_url_rule("/", view_func=lambda: "")
    latest = [0]

    def patch(turn):
        def process_response(self, response):
            response.headers["X-Turn"] = str(turn)
            return response

        App.process_response = process_response
        latest[0] = turn

    patch(0)

    def use(number):
        client = app.test_client()
        for turn in range(200):
            if number == 0:
                patch(turn)
            before = latest[0]
            assert int(client.get("/").headers["X-Turn"]) >= before

    run_together(use)


def make_shop_of_numbers():
    """Three functions that register a number, and one that returns the effective three."""
    app = retort.Flask("shop")
    app.secret_key = "key"
    seen = threading.local()

    @app.get("/")
    def index():
        retort.session["visited"] = True
        return seen.number

    def register_hook(number):
        app.before_request_funcs[None][:] = [lambda: setattr(seen, "number", str(number))]

    def register_error_handler(number):
        app.error_handler_spec[None][404][NotFound] = lambda error: (str(number), 404)

    def configure(number):
        app.config["SESSION_COOKIE_NAME"] = f"session-{number}"

    def find_numbers():
        page, missing = app.test_client().get("/"), app.test_client().get("/missing")
        assert (page.status_code, missing.status_code) == (200, 404)
        cookie_name = page.headers["Set-Cookie"].partition("=")[0]
        return int(page.text), int(missing.text), int(cookie_name.removeprefix("session-"))

    return (register_hook, register_error_handler, configure), find_numbers


def test_a_request_that_starts_after_a_registration_returned_sees_it():
    """Three threads register, each in its own registry, while all read."""
    registering, find_numbers = make_shop_of_numbers()
    last = 100
    registered = [0, 0, 0]
    for register in registering:
        register(0)

    def register_all(thread):
        try:
            for number in range(1, last + 1):
                registering[thread](number)
                registered[thread] = number
                assert find_numbers()[thread] == number
        finally:
            registered[thread] = last  # so that the others end

    def register_or_ask(thread):
        if thread < len(registering):
            register_all(thread)
        while min(registered) < last:
            before = list(registered)
            assert all(map(int.__ge__, find_numbers(), before))

    run_together(register_or_ask)

    assert find_numbers() == (last, last, last)


def test_a_request_finishes_on_the_plan_that_it_began_with():
    app = retort.Flask("plans")
    has_begun, may_end = threading.Event(), threading.Event()
    seen = []

    @app.get("/slow")
    def slow():
        has_begun.set()
        assert may_end.wait(60)
        return "slow"

    @app.get("/")
    def index():
        return "index"

    answers = []
    thread = threading.Thread(target=lambda: answers.append(app.test_client().get("/slow")))
    thread.start()
    assert has_begun.wait(60)
    app.before_request_funcs[None].append(lambda: seen.append("before"))
    app.after_request_funcs[None].append(lambda response: seen.append("after") or response)
    app.teardown_request_funcs[None].append(lambda error: seen.append("teardown"))
    assert app.test_client().get("/").text == "index"
    assert seen == ["before", "after", "teardown"]
    may_end.set()
    thread.join()

    assert answers[0].text == "slow"
    assert seen == ["before", "after", "teardown"]  # the slow request began without them
