"""The record for the page's form: request and response as text in another response."""

import io
import json
from urllib.parse import unquote

import pytest

import retort

TRIAL = {"Retort-Trial": "1"}
SECRET = "hunter2"


@pytest.fixture(autouse=True)
def quiet(capfd):
    yield
    capfd.readouterr()


@pytest.fixture
def app(app):
    @app.route("/login", methods=["GET", "POST"])
    def login():
        if retort.request.method == "POST":
            return retort.redirect(f"/success/{retort.request.form['nm']}")
        return "who are you?"

    @app.get("/seen")
    def seen():
        return sorted(name for name, _ in retort.request.headers)

    @app.get("/cookie")
    def cookie():
        answer = retort.make_response("set")
        answer.set_cookie("session", SECRET, httponly=True)
        return answer

    return app


@pytest.fixture
def bodies(app):
    @app.get("/bytes")
    def some_bytes():
        return retort.Response(b"\x00\x01\x02", mimetype="image/png")

    @app.get("/endless")
    def endless():
        def pieces():
            while True:
                yield "x" * 1000

        return pieces()

    @app.get("/nothing")
    def nothing():
        return "", 204

    @app.post("/up")
    def up():
        return retort.request.files["photo"].read()


def test_a_redirect_is_recorded_and_not_sent(reader):
    answer = reader.post("/login", data={"nm": "Ada"}, headers=TRIAL)

    record = answer.json
    assert answer.status_code == 200
    assert record["status"] == "302 FOUND"
    assert record["location"] == "/success/Ada"
    assert record["request"].startswith("POST /login HTTP/1.1\n")
    assert record["request"].endswith("\n\nnm=Ada")
    assert "Content-Type: application/x-www-form-urlencoded\n" in record["request"]
    assert record["response"].startswith("HTTP/1.1 302 FOUND\n")
    assert "Location: /success/Ada\n" in record["response"]


def test_an_error_keeps_its_status_and_is_shown_as_text(reader):
    answer = reader.delete("/login", headers=TRIAL)

    assert answer.status_code == 405
    assert "Allow: " in answer.json["response"]
    assert "405 Method Not Allowed" in answer.json["response"]
    assert "text/plain" in answer.json["response"]


def test_the_record_of_head_is_in_a_header(reader):
    answer = reader.head("/login", headers=TRIAL)

    record = json.loads(unquote(answer.headers["Retort-Trial"]))
    assert record["status"] == "200 OK"
    assert "Content-Length: 12" in record["response"]
    assert record["response"].endswith("\n\n")


@pytest.mark.usefixtures("bodies")
def test_a_response_without_a_body_has_a_record(reader):
    answer = reader.get("/nothing", headers=TRIAL)

    assert answer.json["status"] == "204 NO CONTENT"


def test_options_is_recorded_with_allow(reader):
    assert "Allow: " in reader.options("/login", headers=TRIAL).json["response"]


def test_the_program_does_not_see_the_header(reader):
    record = reader.get("/seen", headers=TRIAL).json

    assert "Trial" not in record["request"]
    assert "Trial" not in record["response"]


def test_cookies_are_set_and_their_values_are_redacted(reader):
    reader.set_cookie("session", SECRET)

    answer = reader.get("/cookie", headers={**TRIAL, "Authorization": SECRET})

    assert f"session={SECRET}" in answer.headers["Set-Cookie"]
    assert SECRET not in answer.text
    assert "Cookie: " in answer.json["request"]
    assert "Set-Cookie: session=" in answer.json["response"]
    assert "HttpOnly" in answer.json["response"]


@pytest.mark.usefixtures("bodies")
def test_bytes_are_counted_and_long_responses_cut(reader):
    assert "(3 bytes of image/png)" in reader.get("/bytes", headers=TRIAL).json["response"]
    assert len(reader.get("/endless", headers=TRIAL).data) < 200_000


@pytest.mark.usefixtures("bodies")
def test_a_file_arrives_whole(reader):
    content = b"a" * 100_000

    answer = reader.post("/up", data={"photo": (io.BytesIO(content), "a.txt")}, headers=TRIAL)

    assert answer.json["status"] == "200 OK"
    assert "Content-Length: 100000" in answer.json["response"]


def test_without_the_header_the_response_is_not_changed(reader):
    assert reader.post("/login", data={"nm": "Ada"}).status_code == 302
