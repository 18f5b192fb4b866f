"""The guestbook on a real server: its page as a form sends to it, its entries as a program does."""

import json
import re
import sqlite3
from contextlib import closing
from http import HTTPStatus
from urllib.parse import urlencode

import pytest

GUESTBOOK = "examples/guestbook/guestbook.py"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
ADA = {"name": "Ada", "message": "hello"}
ALL_METHODS = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}

pytestmark = pytest.mark.xdist_group("guestbook over http")


@pytest.fixture(scope="module")
def site_and_database(serve, tmp_path_factory):
    database = tmp_path_factory.mktemp("guestbook") / "entries.sqlite3"
    with serve(GUESTBOOK, env={"GUESTBOOK_DATABASE": str(database)}) as site:
        yield site, database


@pytest.fixture
def site(site_and_database):
    """The site with no entries."""
    site, database = site_and_database
    site.ask("GET", "/entries")  # the first visit makes the table
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM entry")
    return site


def send_form(site, **fields):
    return site.ask("POST", "/", urlencode(fields), FORM)


def send_json(site, method, path, value):
    return site.ask(method, path, json.dumps(value), JSON)


def entries(site):
    return json.loads(site.ask("GET", "/entries").body)


# The page


def test_an_empty_guestbook_shows_its_form(site):
    page = site.ask("GET", "/")

    assert page.status == HTTPStatus.OK
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<form action="/" method="post">' in page.text
    assert "Nobody has signed yet." in page.text


def test_signing_keeps_the_entry_and_redirects_to_the_page(site):
    answer = send_form(site, **ADA)

    assert answer.status == HTTPStatus.SEE_OTHER
    assert answer.headers["Location"] == "/"
    assert [(entry["name"], entry["message"]) for entry in entries(site)] == [("Ada", "hello")]


def test_the_next_page_shows_the_flashed_message_once(site):
    cookie = send_form(site, **ADA).headers["Set-Cookie"].split(";")[0]
    page = site.ask("GET", "/", headers={"Cookie": cookie})

    assert "Thank you, Ada." in page.text
    assert "session=;" in page.headers["Set-Cookie"]


def test_what_visitors_write_is_escaped(site):
    send_form(site, name="<b>Ada</b>", message="<script>alert('hi')</script>")
    page = site.ask("GET", "/").text

    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(&#39;hi&#39;)&lt;/script&gt;" in page
    assert "<script" not in page


def test_a_quote_cannot_leave_the_attribute_it_is_shown_in(site):
    page = send_form(site, name='"><script>', message="").text

    assert 'value="&#34;&gt;&lt;script&gt;"' in page


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"name": "", "message": "hello"}, "Please fill in the name."),
        ({"name": "  ", "message": "hello"}, "Please fill in the name."),
        ({"name": "Ada"}, "Please fill in the message."),
        ({"name": "a" * 41, "message": "hello"}, "The name can have 40 characters, not 41."),
        ({"name": "Ada", "message": "m" * 501}, "The message can have 500 characters, not 501."),
    ],
)
def test_a_form_with_a_fault_comes_back_with_what_was_typed(site, fields, complaint):
    page = send_form(site, **fields)

    assert page.status == HTTPStatus.BAD_REQUEST
    assert complaint in page.text
    assert f'value="{fields["name"].strip()}"' in page.text
    assert entries(site) == []


def test_the_longest_name_and_message_are_taken(site):
    assert send_form(site, name="n" * 40, message="m" * 500).status == HTTPStatus.SEE_OTHER


def test_the_space_around_a_name_is_dropped(site):
    send_form(site, name="  Ada ", message=" hello\r\nworld\r\n")

    assert entries(site)[0]["name"] == "Ada"
    assert entries(site)[0]["message"] == "hello\r\nworld"


def test_the_newest_entry_comes_first(site):
    send_form(site, name="first", message="1")
    send_form(site, name="second", message="2")

    assert re.findall("<h2>(.*)</h2>", site.ask("GET", "/").text) == ["second", "first"]


def test_the_page_takes_no_put_and_no_delete(site):
    for method in ("PUT", "DELETE"):
        answer = site.ask(method, "/")
        assert answer.status == HTTPStatus.METHOD_NOT_ALLOWED
        assert answer.allow == {"GET", "HEAD", "POST", "OPTIONS"}


# The resource


def test_an_added_entry_is_201_and_can_be_read_at_its_location(site):
    answer = send_json(site, "POST", "/entries", ADA)
    location = answer.headers["Location"]
    entry = json.loads(answer.body)

    assert answer.status == HTTPStatus.CREATED
    assert location == f"/entries/{entry['id']}"
    assert entry == {**ADA, "id": entry["id"]}
    assert json.loads(site.ask("GET", location).body) == entry


@pytest.mark.parametrize("path", ["/entries", "/entries/7", "/entries/8"])
def test_head_has_the_headers_of_get_and_no_body(site, path):
    send_json(site, "PUT", "/entries/7", ADA)
    get, head = site.ask("GET", path), site.ask("HEAD", path)

    assert head.status == get.status
    assert head.headers["Content-Type"] == get.headers["Content-Type"] == "application/json"
    assert int(head.headers["Content-Length"]) == len(get.body) > 0
    assert head.body == b""


def test_put_creates_an_entry_and_then_replaces_it(site):
    created = send_json(site, "PUT", "/entries/7", ADA)
    replaced = send_json(site, "PUT", "/entries/7", {**ADA, "message": "bye"})

    assert created.status == HTTPStatus.CREATED
    assert created.headers["Location"] == "/entries/7"
    assert replaced.status == HTTPStatus.OK
    assert replaced.headers["Location"] is None
    assert entries(site) == [{"id": 7, "name": "Ada", "message": "bye"}]


def test_a_deleted_entry_is_204_without_a_body_and_then_gone(site):
    send_json(site, "PUT", "/entries/7", ADA)
    deleted = site.ask("DELETE", "/entries/7")

    assert deleted.status == HTTPStatus.NO_CONTENT
    assert deleted.body == b""
    assert deleted.headers["Content-Length"] is None
    assert site.ask("GET", "/entries/7").status == HTTPStatus.NOT_FOUND
    assert site.ask("DELETE", "/entries/7").status == HTTPStatus.NOT_FOUND


def test_a_missing_entry_is_404_in_json(site):
    answer = site.ask("GET", "/entries/5")

    assert answer.status == HTTPStatus.NOT_FOUND
    assert json.loads(answer.body) == {"error": "There is no entry 5."}


@pytest.mark.parametrize("id", [2**63, 10**30, "-1", "x", "1.0", "%C2%B2", "1%00"])
def test_an_id_that_no_entry_can_have_is_404_and_cannot_be_put(site, id):
    path = f"/entries/{id}"

    assert site.ask("GET", path).status == HTTPStatus.NOT_FOUND
    # Werkzeug's matcher returns 405 for a number that is too large, and 404 for other text.
    assert send_json(site, "PUT", path, ADA).status in {404, 405}
    assert entries(site) == []


def test_the_last_id_can_be_used_and_the_next_entry_still_finds_a_place(site):
    assert send_json(site, "PUT", f"/entries/{2**63 - 1}", ADA).status == HTTPStatus.CREATED
    location = send_json(site, "POST", "/entries", ADA).headers["Location"]

    assert json.loads(site.ask("GET", location).body)["name"] == "Ada"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"name": }', b"[" * 50_000, b'{"name": "Ada", "message": "hello"'],
)
@pytest.mark.parametrize("target", [("POST", "/entries"), ("PUT", "/entries/7")])
def test_broken_json_is_a_bad_request(site, target, body):
    answer = site.ask(*target, body, JSON)

    assert answer.status == HTTPStatus.BAD_REQUEST
    assert json.loads(answer.body)["error"]
    assert entries(site) == []


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ([ADA], "Send an object with a name and a message."),
        ("Ada", "Send an object with a name and a message."),
        (None, "Send an object with a name and a message."),
        ({}, "Please fill in the name. Please fill in the message."),
        ({"name": 7, "message": "hello"}, "Please fill in the name."),
        ({"name": "a" * 41, "message": "hello"}, "The name can have 40 characters, not 41."),
    ],
)
def test_json_that_is_not_an_entry_is_a_400_with_the_reason(site, value, complaint):
    answer = send_json(site, "POST", "/entries", value)

    assert answer.status == HTTPStatus.BAD_REQUEST
    assert json.loads(answer.body) == {"error": complaint}


def test_half_a_character_is_stored_as_a_question_mark(site):
    answer = site.ask("POST", "/entries", b'{"name": "Ada", "message": "hi \\ud800"}', JSON)

    assert answer.status == HTTPStatus.CREATED
    assert json.loads(answer.body)["message"] == "hi ?"


@pytest.mark.parametrize("target", [("POST", "/entries"), ("PUT", "/entries/7")])
def test_a_body_of_another_type_is_415(site, target):
    answer = site.ask(*target, urlencode(ADA), FORM)

    assert answer.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert entries(site) == []


def test_a_body_over_the_limit_is_413_and_the_next_request_is_served(site):
    answer = site.ask("POST", "/entries", b'"' + b"a" * 64 * 1024 + b'"', JSON)

    assert answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert entries(site) == []


def test_options_and_405_list_every_method_of_an_entry(site):
    options, patch = site.ask("OPTIONS", "/entries/7"), site.ask("PATCH", "/entries/7")

    assert options.status == HTTPStatus.OK
    assert options.allow == ALL_METHODS
    assert patch.status == HTTPStatus.METHOD_NOT_ALLOWED
    assert patch.allow == ALL_METHODS


def test_the_collection_takes_no_put_and_no_delete(site):
    for method in ("PUT", "DELETE"):
        answer = site.ask(method, "/entries")
        assert answer.status == HTTPStatus.METHOD_NOT_ALLOWED
        assert answer.allow == {"GET", "HEAD", "POST", "OPTIONS"}
