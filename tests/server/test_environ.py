"""The environ of a request, made of what Granian shows of it."""

from types import SimpleNamespace

import pytest

from retort.server.environ import Environs, split_address


def scope(*fields, **changes):
    asked = {
        "headers": SimpleNamespace(items=lambda: list(fields)),
        "path": "/",
        "query_string": "",
        "method": "GET",
        "http_version": "1.1",
        "scheme": "http",
        "client": "192.0.2.1:5000",
        "server": "127.0.0.1:80",
    }
    return SimpleNamespace(**{**asked, **changes})


@pytest.fixture
def environs():
    return Environs(is_multiprocess=False, is_multithread=True)


def test_fields_are_found_under_the_names_of_pep_3333(environs):
    environ = environs.make(scope(("host", "a"), ("content-type", "b"), ("x-one-two", "c")))

    assert environ["HTTP_HOST"] == "a"
    assert environ["CONTENT_TYPE"] == "b"
    assert environ["HTTP_X_ONE_TWO"] == "c"
    assert "HTTP_CONTENT_TYPE" not in environ


def test_fields_that_come_more_than_once_are_joined(environs):
    fields = [("a", "1"), ("cookie", "b=2"), ("a", "3"), ("cookie", "c=4"), ("content-type", "d")]
    for _ in range(2):  # the names are new the first time
        environ = environs.make(scope(*fields, ("content-type", "e")))

        assert environ["HTTP_A"] == "1, 3"
        assert environ["HTTP_COOKIE"] == "b=2; c=4"
        assert environ["CONTENT_TYPE"] == "d"


def test_a_name_with_an_underscore_does_not_pass_for_one_with_a_hyphen(environs):
    for fields in [("x_real_ip", "evil")], [("x-real-ip", "good"), ("x_real_ip", "evil")]:
        assert environs.make(scope(*fields)).get("HTTP_X_REAL_IP") in (None, "good")


def test_a_flood_of_different_names_and_clients_does_not_fill_the_memory(environs):
    for number in range(3000):
        environ = environs.make(scope((f"x-{number}", "1"), client=f"192.0.2.1:{number}"))

        assert environ[f"HTTP_X_{number}"] == "1"
        assert environ["REMOTE_PORT"] == str(number)
    assert len(environs.names) < 2000
    assert len(environs.clients) < 2000


def test_text_that_is_not_ascii_is_put_as_pep_3333_wants_it(environs):
    environ = environs.make(scope(path="/é", query_string="ü"))

    assert environ["PATH_INFO"].encode("latin-1").decode() == "/é"
    assert environ["QUERY_STRING"].encode("latin-1").decode() == "ü"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("127.0.0.1:80", ("127.0.0.1", "80")),
        ("[::1]:80", ("::1", "80")),
        ("/run/site.sock", ("/run/site.sock", "")),
        ("", ("", "")),
    ],
)
def test_an_address_is_split(text, parts):
    assert split_address(text) == parts
