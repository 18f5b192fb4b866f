"""Times that are some seconds apart are noise: the clock goes on between two responses."""

import base64
import random

import pytest
from itsdangerous import TimestampSigner

from retort.compare.equality.times import differ_by_time_only
from retort.compare.equality.values import DIFFERENT, NOISE, verdict

NOW = 1796119263.0  # 2026-12-01 10:01:03 UTC


@pytest.mark.parametrize(
    ("left", "right", "is_close"),
    [
        ("01/Dec/2026:10:00:00 +0000", "01/Dec/2026:10:00:01 +0000", True),
        ("01/Dec/2026:10:00:00 +0000", "01/Dec/2026:12:00:01 +0000", False),
        ("Tue Dec  1 10:00:00 2026", "Tue Dec  1 10:00:01 2026", True),
        ("2026-12-01T10:00:00+01:00", "2026-12-01T10:00:00+02:00", False),
        ("2026-12-01T10:00:00+01:00", "2026-12-01T11:00:01+02:00", True),
        ("2026-12-01T10:00:00-05:30", "2026-12-01T10:00:01-0530", True),
        ("id 1234567890", "id 1234567891", False),
        ("id 1796119263", "id 1796119264", True),
        ("9796119263", "9796119264", False),
        ("00:11:22:33:44:55", "00:11:22:33:44:56", False),
        ("1.2.10:00", "1.2.10:01", False),
    ],
)
def test_forms_of_times(left, right, is_close):
    assert differ_by_time_only(left, right, NOW) is is_close
    assert differ_by_time_only(f"{'x' * 900} {left}", f"{'x' * 900} {right}", NOW) is is_close


@pytest.mark.parametrize(
    ("left", "right", "is_close"),
    [
        ("at 10:00", "at 10:01", True),
        ("at 11:35", "at 11:36", False),
        ("at 15:45", "at 15:46", True),  # in a time zone of India
        ("at 10:00", "at 10:02", False),
        ("at 2026-12-01 10:00", "at 2026-12-01 10:01", True),
    ],
)
def test_a_time_without_seconds_is_noise_while_its_minute_begins(left, right, is_close):
    assert differ_by_time_only(left, right, NOW) is is_close
    assert not differ_by_time_only(left, right, NOW + 40)


def signed(value, seconds, key="x"):
    """A value that itsdangerous signs at a time, as Flask-WTF does."""
    signer = TimestampSigner(key)
    signer.get_timestamp = lambda: int(NOW + seconds)
    return signer.sign(value).decode()


def test_a_value_that_was_signed_some_seconds_later_is_the_same():
    assert differ_by_time_only(signed("user", 0), signed("user", 1), NOW)
    assert not differ_by_time_only(signed("user", 0), signed("admin", 1), NOW)
    assert not differ_by_time_only(signed("user", 0), signed("user", 60), NOW)
    assert not differ_by_time_only(signed("user", 0), signed("user", 0, key="y"), NOW)
    assert not differ_by_time_only(signed("user", -(10**9)), signed("user", 1 - 10**9), NOW)


def test_noise_beside_a_time_that_only_the_other_side_has_later_is_noise(monkeypatch):
    monkeypatch.setattr("time.time", lambda: NOW)
    for number in range(60):
        seed = random.Random(number)
        one, again, other = (base64.urlsafe_b64encode(seed.randbytes(12)).decode() for _ in "123")

        lines = [f"<a>{one}</a> 10:00:00", f"<a>{again}</a> 10:00:00", f"<a>{other}</a> 10:00:01"]
        assert verdict(*lines) == NOISE, number
        assert verdict(*lines[:2], lines[2].replace("10:00:01", "11:00:01")) == DIFFERENT, number
        tokens = [f"<a>{signed(one, 0)}</a>", f"<a>{signed(again, 0)}</a>"]
        assert verdict(*tokens, f"<a>{signed(other, 1)}</a>") == NOISE, number
        assert verdict(*tokens, f"<a>{signed(other, 1)}</a>!") == DIFFERENT, number
        assert verdict(*tokens, f"<a>{signed(other, 1)[:-1]}</a>") == DIFFERENT, number
