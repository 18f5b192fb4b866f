"""The cookies of one side, as browsers keep them."""

import pytest

from retort.compare.client.cookies import CookieJar

NOW = 1_700_000_000.0


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jar(clock):
    return CookieJar("localhost", clock)


def test_no_cookies_are_no_field(jar):
    assert jar.field_for("/") is None


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("a=1", "a=1"),
        (" a = 1 ; HttpOnly", "a=1"),
        ('a="x y"', 'a="x y"'),
        ("a=b=c", "a=b=c"),
        ("a=", "a="),
        ("a=1; Secure; SameSite=None", "a=1"),
        ("a=1; Domain=localhost", "a=1"),
        ("a=1; domain=.LOCALHOST", "a=1"),
        ("a=1; Domain=", "a=1"),
        ("a=1; Expires=Fri, 01-Jan-2100 00:00:00 GMT", "a=1"),
        ("a=1; Expires=soon", "a=1"),
        ("a=1; Max-Age=soon", "a=1"),
        ("a=1; Max-Age=99999999999999999999999", "a=1"),
        ("a=1; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1"),
        ("a=1; Max-Age=0", None),
        ("a=1; Max-Age=-1", None),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("a=1; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT", None),
        ("a=1; Domain=example.org", None),
        ("a=1; Domain=host", None),
        ("a", None),
        ("=1", None),
        ("", None),
    ],
)
def test_a_cookie_is_kept_as_a_browser_does(jar, field, sent):
    jar.keep("/", [field])

    assert jar.field_for("/") == sent


@pytest.mark.parametrize(
    ("host", "domain", "is_kept"),
    [
        ("shop.example.org", "example.org", True),
        ("shop.example.org", ".shop.example.org", True),
        ("shop.example.org", "op.example.org", False),
        ("shop.example.org", "a.shop.example.org", False),
        ("shop.example.org", "org", False),
        ("shop.example.org:8080", "shop.example.org", True),
        ("127.0.0.1", "0.0.1", False),
        ("127.0.0.1:5000", "127.0.0.1", True),
    ],
)
def test_a_domain_must_be_that_of_the_host_or_above_it(host, domain, is_kept):
    jar = CookieJar(host)
    jar.keep("/", [f"a=1; Domain={domain}"])

    assert (jar.field_for("/") is not None) == is_kept


@pytest.mark.parametrize(
    ("set_at", "path", "sent_at"),
    [
        ("/", "/", {"/", "/shop", "/shop/", "/shop/item", "/shopping"}),
        ("/", "/shop", {"/shop", "/shop/", "/shop/item"}),
        ("/", "/shop/", {"/shop/", "/shop/item"}),
        ("/shop/item?a=/b/c", None, {"/shop", "/shop/", "/shop/item"}),
        ("/shop", None, {"/", "/shop", "/shop/", "/shop/item", "/shopping"}),
        ("/shop/item", "item", {"/shop", "/shop/", "/shop/item"}),
        ("*", None, {"/", "/shop", "/shop/", "/shop/item", "/shopping"}),
    ],
)
def test_a_cookie_is_sent_within_its_path(jar, set_at, path, sent_at):
    jar.keep(set_at, ["a=1" + (f"; Path={path}" if path else "")])

    targets = ("/", "/shop", "/shop/", "/shop/item", "/shopping")
    assert {one for one in targets if jar.field_for(one)} == sent_at


def test_the_last_of_several_fields_of_one_name_counts(jar):
    jar.keep("/", ["a=1", "a=2"])
    assert jar.field_for("/") == "a=2"

    jar.keep("/", ["a=3", "a=; Max-Age=0"])
    assert jar.field_for("/") is None

    jar.keep("/", ["a=; Max-Age=0", "a=4"])
    assert jar.field_for("/") == "a=4"


def test_a_deletion_for_another_path_deletes_nothing(jar):
    jar.keep("/", ["a=1; Path=/shop"])
    jar.keep("/", ["a=; Path=/; Max-Age=0"])

    assert jar.field_for("/shop") == "a=1"


def test_longer_paths_come_first_then_earlier_cookies(jar):
    jar.keep("/", ["a=1; Path=/", "b=2; Path=/shop", "c=3; Path=/"])
    jar.keep("/", ["a=4; Path=/"])

    assert jar.field_for("/shop") == "b=2; a=4; c=3"


def test_a_cookie_ends_after_its_age(jar, clock):
    jar.keep("/", ["a=1; Max-Age=10", "b=2"])

    clock.now += 9.5
    assert jar.field_for("/") == "a=1; b=2"
    clock.now += 0.5
    assert jar.field_for("/") == "b=2"
