"""Request ids: made here or by a proxy that is trusted, the same in answer, program and logs."""

import json
import re

import pytest

PROGRAM = """
    import logging

    from flask import Flask, Response, request

    app = Flask(__name__)

    @app.get("/")
    def index():
        return request.environ.get("retort.request_id", "none")

    @app.get("/own")
    def own():
        return "own", {"x-request-id": "the-programs"}

    @app.get("/log/<word>")
    def log(word):
        app.logger.warning("first line of %s\\nsecond", word, extra={"order": 7, "path": "mine"})
        logging.getLogger("a.library").error("a library on %s", word)
        return request.environ["retort.request_id"]

    @app.get("/crash")
    def crash():
        raise ValueError("on purpose")

    @app.get("/stream")
    def stream():
        def pieces():
            yield request_id
            app.logger.warning("while streaming")
        request_id = request.environ["retort.request_id"]
        return Response(pieces())

    own = logging.StreamHandler()
    own.setFormatter(logging.Formatter("OWN %(request_id)s %(endpoint)s %(message)s"))
    logging.getLogger("shop.orders").addHandler(own)
    logging.getLogger("shop.orders").propagate = False

    @app.get("/orders")
    def orders():
        from retort.server.operations.error_log import RequestFields
        own.addFilter(RequestFields())
        logging.getLogger("shop.orders").warning("sold")
        return request.environ["retort.request_id"]

    app.logger.warning("while loading")
"""

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def behind_proxy(serve, program):
    options = ("--request-id", "--proxy", "1", "--log-format", "json")
    with serve(program, *options) as site:
        yield site


@pytest.fixture(scope="module")
def in_front(serve, program):
    with serve(program, "--request-id", "--log-format", "text") as site:
        yield site


def wait_for_line(site, text):
    at = site.wait_for_log(text)
    log = site.log.read_text()
    return log[log.rfind("\n", 0, at) + 1 :].splitlines()[0]


def ask(site, path, **headers):
    return site.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})


# Ids


def test_an_id_is_made_and_given_to_the_program_and_the_client(in_front):
    answer = ask(in_front, "/")

    assert MADE.fullmatch(answer.headers["X-Request-ID"])
    assert answer.text == answer.headers["X-Request-ID"]


def test_without_a_proxy_a_client_cannot_choose_its_id(in_front):
    assert MADE.fullmatch(ask(in_front, "/", X_Request_ID="mine").text)


@pytest.mark.parametrize(
    "given", ["f058ebd6-02f7-4d3f-942e-904344e8cde5", "Root=1-67891233-abcdef01", "a" * 128]
)
def test_the_id_of_a_trusted_proxy_is_kept(behind_proxy, given):
    answer = ask(behind_proxy, "/", X_Request_ID=given)

    assert answer.text == answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["a" * 129, "", "two words", 'a"b', "a,b", "<script>", "a\tb"])
def test_an_id_that_could_harm_a_log_is_replaced(behind_proxy, given):
    assert MADE.fullmatch(ask(behind_proxy, "/", X_Request_ID=given).text)


def test_two_ids_are_none(behind_proxy):
    answer = behind_proxy.send(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"X-Request-ID: one\r\nX-Request-ID: two\r\n\r\n"
    )

    assert MADE.search(answer.decode())
    assert b"one" not in answer


def test_an_id_that_the_program_sets_itself_stays(in_front):
    assert ask(in_front, "/own").headers.get_all("X-Request-ID") == ["the-programs"]


def test_without_the_option_there_is_no_header_and_no_id(serve, program):
    with serve(program) as site:
        answer = ask(site, "/")

    assert "X-Request-ID" not in answer.headers
    assert answer.text == "none"


# The program's log


def test_a_record_in_json_names_its_request(behind_proxy):
    own = ask(behind_proxy, "/log/first", X_Request_ID="id-1").text

    record = json.loads(wait_for_line(behind_proxy, "first line of first"))

    assert own == "id-1"
    assert record["message"] == "first line of first\nsecond"
    assert (record["level"], record["logger"]) == ("WARNING", "shop")
    assert (record["request_id"], record["method"], record["endpoint"]) == ("id-1", "GET", "log")
    assert record["order"] == 7
    assert record["path"] == "mine"  # values of the program take precedence
    assert re.fullmatch(r".+shop\.py:\d+", record["file"])


def test_what_libraries_log_has_the_same_form(behind_proxy):
    ask(behind_proxy, "/log/second", X_Request_ID="id-2")

    record = json.loads(wait_for_line(behind_proxy, "a library on second"))

    assert (record["logger"], record["request_id"], record["path"]) == (
        "a.library",
        "id-2",
        "/log/second",
    )


def test_a_traceback_is_one_line_in_json(behind_proxy):
    ask(behind_proxy, "/crash", X_Request_ID="id-3")

    record = json.loads(wait_for_line(behind_proxy, "on purpose"))

    assert record["exception"].endswith("ValueError: on purpose")
    assert record["request_id"] == "id-3"
    assert record["endpoint"] == "crash"


def test_what_is_logged_while_a_body_streams_belongs_to_its_request(behind_proxy):
    ask(behind_proxy, "/stream", X_Request_ID="id-4")

    assert json.loads(wait_for_line(behind_proxy, "while streaming"))["request_id"] == "id-4"


def test_a_handler_of_the_programs_own_can_have_the_fields(behind_proxy):
    ask(behind_proxy, "/orders", X_Request_ID="id-5")

    assert wait_for_line(behind_proxy, "sold") == "OWN id-5 orders sold"


def test_text_names_the_request_at_the_end_of_the_line(in_front):
    own = ask(in_front, "/crash").headers["X-Request-ID"]

    line = wait_for_line(in_front, "Exception on /crash")

    assert line.endswith(f"ERROR in app: Exception on /crash [GET] [{own} GET /crash]")


def test_a_path_cannot_begin_a_line_of_the_text_log(in_front):
    in_front.send(b"GET /log/%0a%0dforged%1b[2J HTTP/1.0\r\n\r\n")

    line = wait_for_line(in_front, "second [")

    assert line.endswith(" GET mine]")
    wait_for_line(in_front, "a library on")
    assert " GET /log/%0A%0Dforged%1B%5B2J]" in in_front.log.read_text()
