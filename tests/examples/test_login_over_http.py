"""The tutorial's program on a real server, with a client that follows no redirects.

Its first page is a table of methods; each row of it is a test here.
"""

from http import HTTPStatus
from urllib.parse import quote, urlencode

import pytest

LOGIN = "examples/login/login.py"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
SUCCESS_METHODS = {"GET", "HEAD", "OPTIONS"}

pytestmark = pytest.mark.xdist_group("login over http")


@pytest.fixture(scope="module")
def site(serve):
    with serve(LOGIN) as site:
        yield site


def post_name(site, name):
    return site.ask("POST", "/login", urlencode({"nm": name}), FORM)


def get_name(site, name):
    return site.ask("GET", "/login?" + urlencode({"nm": name}))


def test_post_redirects_to_the_welcome(site):
    answer = post_name(site, "Ada")

    assert answer.status == HTTPStatus.FOUND
    assert answer.headers["Location"] == "/success/Ada"
    assert site.ask("GET", answer.headers["Location"]).text == "welcome Ada"


def test_get_redirects_to_the_welcome(site):
    answer = get_name(site, "Ada")

    assert answer.status == HTTPStatus.FOUND
    assert answer.headers["Location"] == "/success/Ada"


@pytest.mark.parametrize("path", ["/success/Ada", "/login?nm=Ada", "/no/such/page", "/success/"])
def test_head_has_the_status_and_headers_of_get_and_no_body(site, path):
    get, head = site.ask("GET", path), site.ask("HEAD", path)

    assert head.status == get.status
    assert head.body == b""
    assert int(head.headers["Content-Length"]) == len(get.body) > 0
    assert fields_without_date(head) == fields_without_date(get)


def fields_without_date(answer):
    return sorted((n.lower(), v) for n, v in answer.headers.items() if n.lower() != "date")


def test_no_byte_follows_the_headers_of_a_response_to_head(site):
    raw = site.send(b"HEAD /success/Ada HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert raw.startswith(b"HTTP/1.1 200 ")
    assert raw.endswith(b"\r\n\r\n")
    assert raw.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize(
    ("path", "allowed"), [("/login", LOGIN_METHODS), ("/success/Ada", SUCCESS_METHODS)]
)
def test_a_method_the_route_does_not_take_is_405_with_every_method_it_takes(
    site, method, path, allowed
):
    answer = site.ask(method, path)

    assert answer.status == HTTPStatus.METHOD_NOT_ALLOWED
    assert answer.allow == allowed


def test_post_to_a_route_without_methods_is_405(site):
    answer = site.ask("POST", "/success/Ada", "nm=Ada", FORM)

    assert answer.status == HTTPStatus.METHOD_NOT_ALLOWED
    assert answer.allow == SUCCESS_METHODS


@pytest.mark.parametrize(
    ("path", "allowed"), [("/login", LOGIN_METHODS), ("/success/Ada", SUCCESS_METHODS)]
)
def test_options_lists_the_methods_and_runs_no_view(site, path, allowed):
    answer = site.ask("OPTIONS", path)

    assert answer.status == HTTPStatus.OK
    assert answer.allow == allowed
    assert answer.body == b""


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_page_that_is_not_there_is_404_whatever_the_method(site, method):
    assert site.ask(method, "/no/such/page").status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("send", [post_name, get_name])
@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "Zoë",
        "日本",
        "O'Brien",
        '"Ada"',
        "<b>Ada",
        "a?b#c",
        "a+b",
        "100%",
        "%41",
        "a\\b",
    ],
)
def test_a_name_comes_back_as_it_was_sent(site, send, name):
    location = send(site, name).headers["Location"]

    assert location == "/success/" + quote(name, safe="!$&'()*+,;=:@")
    assert site.ask("GET", location).text == f"welcome {name}"


@pytest.mark.parametrize("send", [post_name, get_name])
@pytest.mark.parametrize("name", ["", "a/b", "a/"])
def test_a_name_that_the_route_cannot_hold_is_redirected_to_a_404(site, send, name):
    """`<name>` matches one segment that is not empty, in Flask too."""
    answer = send(site, name)

    assert answer.status == HTTPStatus.FOUND
    assert answer.headers["Location"] == f"/success/{name}"
    assert site.ask("GET", f"/success/{name}").status == HTTPStatus.NOT_FOUND


def test_a_slash_before_the_name_is_merged_with_the_one_in_the_route(site):
    location = post_name(site, "/Ada").headers["Location"]
    merged = site.ask("GET", location)

    assert location == "/success//Ada"
    assert merged.status == HTTPStatus.PERMANENT_REDIRECT
    assert merged.headers["Location"] == f"{site.url}/success/Ada"


def test_a_form_without_the_field_is_a_bad_request(site):
    assert site.ask("POST", "/login", "name=Ada", FORM).status == HTTPStatus.BAD_REQUEST
    assert site.ask("POST", "/login").status == HTTPStatus.BAD_REQUEST


def test_a_query_without_the_field_is_the_programs_error_and_shows_no_traceback(site):
    """The program passes None to `url_for`, which cannot build an address from that."""
    answer = site.ask("GET", "/login")

    assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Traceback" not in answer.text
    assert "BuildError" not in answer.text


def test_the_first_of_two_fields_counts(site):
    answer = site.ask("POST", "/login", "nm=Ada&nm=Grace", FORM)

    assert answer.headers["Location"] == "/success/Ada"


def test_a_multipart_form_works_as_well(site):
    body = '--edge\r\nContent-Disposition: form-data; name="nm"\r\n\r\nAda Lovelace\r\n--edge--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}

    answer = site.ask("POST", "/login", body, headers)

    assert answer.headers["Location"] == "/success/Ada%20Lovelace"


def test_line_breaks_in_a_name_do_not_become_headers(site):
    answer = post_name(site, "Ada\r\nX-Injected: yes")

    assert answer.headers["Location"] == "/success/Ada%0D%0AX-Injected:%20yes"
    assert answer.headers["X-Injected"] is None


@pytest.mark.parametrize(
    "target",
    [
        "/success/%",
        "/success/%zz",
        "/success/%E9",
        "/success/%C3",
        "/success/%00",
        "/success/%2e%2e",
        "/success/" + "a" * 5000,
        "/login?nm=%E9",
        "/login?nm=%00",
        "/login?" + "&".join(["nm"] * 2000),
        "//success//x",
    ],
)
def test_an_odd_address_is_answered_and_the_next_request_is_served(site, target):
    assert site.ask("GET", target).status < HTTPStatus.INTERNAL_SERVER_ERROR
    assert site.ask("GET", "/success/Ada").text == "welcome Ada"
