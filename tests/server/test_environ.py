"""The environ of a request, made of what Granian shows of it."""

import pytest

from retort.server.protocol.environ import EnvironFactory


def scope(*fields, **changes):
    asked = {
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields],
        "raw_path": b"/",
        "query_string": b"",
        "method": "GET",
        "http_version": "1.1",
        "scheme": "http",
        "client": ("192.0.2.1", "5000"),
        "server": ("127.0.0.1", "80"),
    }
    return {**asked, **changes}


@pytest.fixture
def environs():
    return EnvironFactory(is_multiprocess=False, is_multithread=True)


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


def test_a_flood_of_different_names_does_not_fill_the_memory(environs):
    for number in range(3000):
        environ = environs.make(scope((f"x-{number}", "1")))

        assert environ[f"HTTP_X_{number}"] == "1"
    assert len(environs.names) < 2000


def test_a_value_is_latin_1_text_whatever_its_bytes_are(environs):
    every_byte = "".join(map(chr, (9, *range(32, 127), *range(128, 256))))

    environ = environs.make(scope(("cookie", every_byte), ("x-forwarded-for", "\xff")))

    assert environ["HTTP_COOKIE"] == every_byte
    assert environ["HTTP_X_FORWARDED_FOR"] == "\xff"


@pytest.mark.parametrize(
    ("raw_path", "path"),
    [
        (b"/a%20b", "/a b"),
        (b"/a%2Fb%2fc", "/a/b/c"),
        ("/é".encode(), "/Ã©"),
        (b"/%C3%A9", "/Ã©"),
        (b"/%E9", "/é"),  # no UTF-8: the byte stays
        (b"/%", "/%"),
        (b"/%zz%4", "/%zz%4"),
        (b"*", "*"),
        (b"", ""),
    ],
)
def test_the_path_is_decoded_byte_for_byte(environs, raw_path, path):
    assert environs.make(scope(raw_path=raw_path))["PATH_INFO"] == path


def test_the_target_is_there_as_it_was_sent(environs):
    environ = environs.make(scope(raw_path=b"/a%2Fb%20c", query_string=b"q=%2F+%C3%A9"))

    assert environ["RAW_URI"] == environ["REQUEST_URI"] == "/a%2Fb%20c?q=%2F+%C3%A9"
    assert environ["QUERY_STRING"] == "q=%2F+%C3%A9"
    assert environs.make(scope(raw_path=b"/a"))["RAW_URI"] == "/a"


def test_client_and_server_are_named(environs):
    environ = environs.make(scope(client=("::1", "5000"), server=("::1", "80")))

    assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("::1", "5000")
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("::1", "80")
