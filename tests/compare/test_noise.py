"""What differs between two responses of one side is noise, at exactly this place."""

import base64
import json
import random
import uuid
from dataclasses import replace

import pytest

from retort.compare.equality import compare
from retort.compare.equality.masks import Masks
from retort.compare.equality.times import differ_by_time_only
from retort.compare.messages import Response
from retort.compare.options import CompareError


def html(text):
    return Response(200, "OK", (("Content-Type", "text/html"),), text.encode())


def as_json(value):
    return Response(200, "OK", (("Content-Type", "application/json"),), json.dumps(value).encode())


def token(seed):
    return f"{seed.getrandbits(128):032x}"


def csrf_page(seed, text="Sign up"):
    return html(f"<h1>{text}</h1>\n<input name=csrf value={token(seed)}>\n<p>end</p>\n")


def uuid_page(seed, text="Order"):
    return html(f"<p>{text} {uuid.UUID(int=seed.getrandbits(128))} accepted</p>\n<p>Thanks</p>\n")


def shuffled_page(seed, text="Tags"):
    tags = [f"<li>{name}</li>" for name in ("red", "green", "blue", "black")]
    seed.shuffle(tags)
    return html("\n".join([f"<h1>{text}</h1>", *tags, ""]))


def shuffled_lines_without_a_last_break(seed, text="Tags"):
    tags = [f"<li>{name}</li>" for name in ("red", "green", "blue", "black")]
    seed.shuffle(tags)
    return html("\n".join([f"<h1>{text}</h1>", *tags]))


def nonce_page(seed, text="Hello"):
    nonce = token(seed)
    return html(
        f"<script nonce={nonce}>x()</script>\n<p>{text}</p>\n<style nonce={nonce}></style>\n"
    )


def json_page(seed, text="ok"):
    return as_json({"id": token(seed), "number": seed.randrange(10**6, 10**7), "state": text})


def shuffled_json(seed, text="ok"):
    items = [{"n": number} for number in range(5)]
    seed.shuffle(items)
    return as_json({"items": items, "state": text})


def header_page(seed, text="ok"):
    fields = (("Content-Type", "text/plain"), ("X-Token", token(seed)), ("X-State", text))
    return Response(200, "OK", fields, b"hello")


def cookie_page(seed, text="ok"):
    cookies = (("Set-Cookie", f"sid={token(seed)}; Path=/"), ("Set-Cookie", f"state={text}"))
    return Response(200, "OK", (("Content-Type", "text/plain"), *cookies), b"hello")


def two_tokens_in_a_line(seed, text="ok"):
    return html(f"<a href='/u/{token(seed)}?t={token(seed)}'>{text}</a>\n")


def signed_token(seed, text="ok"):
    """As Flask-WTF writes it: the time of signing is equal for all, the signature is not."""
    signed = base64.urlsafe_b64encode(seed.randbytes(20)).decode().rstrip("=")
    content = base64.urlsafe_b64encode(f'"{token(seed)}"'.encode()).decode().rstrip("=")
    return html(f"<input name=csrf value={content}.aw40Yg.{signed}> {text}\n")


PAGES = (
    signed_token,
    csrf_page,
    uuid_page,
    shuffled_page,
    shuffled_lines_without_a_last_break,
    nonce_page,
    json_page,
    shuffled_json,
    header_page,
    cookie_page,
    two_tokens_in_a_line,
)


@pytest.mark.parametrize("make", PAGES, ids=lambda make: make.__name__)
def test_noise_alone_is_no_difference(make):
    masked = 0
    for number in range(60):
        seed = random.Random(number)
        first, again, other = make(seed), make(seed), make(seed)
        verdict = compare(first, again, other)

        if first != again:  # else they are equal by chance
            assert verdict.differences == [], number
            masked += bool(verdict.masked)
    assert masked > 50


@pytest.mark.parametrize("make", PAGES, ids=lambda make: make.__name__)
def test_a_difference_beside_noise_is_found(make):
    for number in range(60):
        seed = random.Random(number)
        verdict = compare(make(seed), make(seed), make(seed, "changed"))

        assert verdict.differences, number


def test_noise_of_another_shape_is_a_difference():
    first, again = html("<p>3f9a7c51e02b4d86</p>\n"), html("<p>a0417c9be8d2f350</p>\n")

    assert compare(first, again, html("<p>0f4be1a2c37d9865</p>\n")).differences == []
    for other in ("None", "", "3f9a7c51", "3f9a7c51e02b4d86 3f9a7c51", "<b>bold</b>"):
        assert compare(first, again, html(f"<p>{other}</p>\n")).differences, other


def test_a_field_that_is_missing_is_a_difference_beside_noise():
    first, again = (html(f"<input value={n}>\n<p>a</p>\n") for n in ("81f3a07b", "c20d94e1"))

    assert compare(first, again, html("<p>a</p>\n")).differences


def test_bytes_that_always_differ_are_all_noise():
    first, again, other = (
        Response(200, "OK", (("Content-Type", "image/png"),), random.Random(n).randbytes(64))
        for n in range(3)
    )

    verdict = compare(first, again, other)

    assert verdict.is_all_noise
    assert verdict.differences == []


def test_an_entity_tag_of_a_body_with_noise_is_noise():
    def tagged(number):
        response = csrf_page(random.Random(number))
        return replace(response, fields=(*response.fields, ("ETag", f'"{number}"')))

    assert compare(tagged(1), tagged(2), tagged(3)).differences == []


@pytest.mark.parametrize(
    ("left", "right", "is_close"),
    [
        ("at 2026-12-01 10:00:00", "at 2026-12-01 10:00:02", True),
        ("at 2026-12-01T10:00:00.123Z", "at 2026-12-01T10:00:01.9Z", True),
        ("at 2026-12-01 10:00:00", "at 2026-12-01 11:00:00", False),
        ("Tue, 01 Dec 2026 10:00:00 GMT", "Tue, 01 Dec 2026 10:00:03 GMT", True),
        ("Tue, 01 Dec 2026 10:00:00 GMT", "Tue, 01 Dec 2026 10:09:03 GMT", False),
        ("23:59:59", "00:00:01", True),
        ("10:00:00", "12:00:00", False),
        ("t=1764579600", "t=1764579601", True),
        ("t=1764579600123", "t=1764579601500", True),
        ("t=1764579600", "t=1764583200", False),
        ("2026-12-01 10:00:00 a", "2026-12-01 10:00:01 b", False),
        ("Tue, 99 Dec 2026 10:00:00 GMT", "Tue, 98 Dec 2026 10:00:00 GMT", False),
        ("2026-99-01 10:00", "2026-98-01 10:00", False),
        ("no time", "a time", False),
    ],
)
def test_times_that_are_some_seconds_apart_are_noise(left, right, is_close):
    assert differ_by_time_only(left, right) is is_close


def test_a_time_that_only_the_other_side_has_later_is_noise():
    first = html("<p>now 2026-12-01 10:00:00</p>\n")

    assert compare(first, first, html("<p>now 2026-12-01 10:00:01</p>\n")).differences == []
    assert compare(first, first, html("<p>now 2026-12-01 14:00:01</p>\n")).differences


def test_a_page_of_a_megabyte_with_noise_is_compared():
    def long(seed, text):
        lines = [f"<tr><td>{n}</td></tr>" for n in range(40_000)]
        lines[20_000] = f"<input name=csrf value={token(random.Random(seed))}>"
        lines[30_000] = text
        return html("\n".join(lines))

    assert compare(long(1, "a"), long(2, "a"), long(3, "a")).differences == []
    found = compare(long(1, "a"), long(2, "a"), long(3, "b")).differences
    assert [one.place for one in found] == ["line 30001"]


def test_masks_exclude_what_the_user_names():
    first = having = Response(
        200, "OK", (("Content-Type", "application/json"), ("X-Build", "1")), b'{"a":{"b":1},"c":2}'
    )
    other = replace(
        having,
        fields=(("Content-Type", "application/json"), ("X-Build", "2")),
        body=b'{"a":{"b":9},"c":2}',
    )

    masks = Masks(["header X-Build", "json /a"])
    assert compare(first, first, other, masks=masks).differences == []

    places = [
        one.place for one in compare(first, first, other, masks=Masks(["json /c"])).differences
    ]
    assert places == ["/a/b", "x-build"]


def test_a_mask_can_be_a_pattern():
    first, other = html("<p>build 17</p>\n"), html("<p>build 18</p>\n")

    assert compare(first, first, other, masks=Masks([r"build \d+"])).differences == []
    assert compare(first, first, other, masks=Masks([r"built \d+"])).differences


def test_a_mask_that_is_no_pattern_is_refused():
    with pytest.raises(CompareError, match="no regular expression"):
        Masks(["(open"])
