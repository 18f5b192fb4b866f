"""Signing: what itsdangerous signs can be read, what it reads can be signed, and no more."""

import hashlib
import hmac
import pickle
import zlib
from contextlib import contextmanager
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import (
    BadData,
    BadPayload,
    BadSignature,
    BadTimeSignature,
    HMACAlgorithm,
    SignatureExpired,
    Signer,
    TimestampSigner,
    URLSafeTimedSerializer,
)

import retort
from retort.sessions import session_json_serializer
from retort.signing import MIN_COMPRESSED_BYTES, MacKey, decode, encode, make_serializer

NOW = 1_700_000_000


def ours(keys=("a key",), derivation="hmac", digest=hashlib.sha1, json=session_json_serializer):
    return make_serializer(tuple(keys), "cookie-session", json, derivation, digest)


def theirs(keys=("a key",), derivation="hmac", digest=hashlib.sha1, json=session_json_serializer):
    return URLSafeTimedSerializer(
        list(keys),
        salt="cookie-session",
        serializer=json,
        signer_kwargs={"key_derivation": derivation, "digest_method": digest},
    )


@contextmanager
def at(seconds):
    """Let it be that time since 1970."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda signer: seconds)
        yield


def outcome(serializer, text, max_age=None):
    """The loaded value, or the error with its payload."""
    try:
        return serializer.loads(text, max_age=max_age)
    except BadData as error:
        return type(error), getattr(error, "payload", None) or None
    except UnicodeError:
        return UnicodeError


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
short = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
long = st.tuples(st.text(), st.integers(0, 120)).map(lambda pair: {"text": pair[0] * pair[1]})
letters = hashlib.shake_256(b"").hexdigest(150)
near_the_limit = st.integers(240, 270).map(lambda size: {"x": letters[: size - len('{"x":""}')]})
sessions = short | long | near_the_limit


# Each reads what the other signed


@given(content=sessions, max_age=st.sampled_from([None, 0, 60]))
def test_what_retort_signs_itsdangerous_reads_and_the_reverse(content, max_age):
    with at(NOW):
        assert theirs().loads(ours().dumps(content), max_age) == content
        assert ours().loads(theirs().dumps(content), max_age) == content
        assert ours().loads(ours().dumps(content), max_age) == content


@given(content=sessions)
def test_the_text_is_that_of_itsdangerous_unless_it_compresses_a_short_payload(content):
    is_short = len(session_json_serializer.dumps(content).encode()) < MIN_COMPRESSED_BYTES
    with at(NOW):
        text, expected = ours().dumps(content), theirs().dumps(content)
    if is_short and expected.startswith("."):
        assert decode(text.split(".")[0].encode()) == zlib.decompress(
            decode(expected.split(".")[1].encode())
        )
    else:
        assert text == expected


@pytest.mark.parametrize(
    ("raw_bytes", "is_compressed"),
    [(MIN_COMPRESSED_BYTES - 1, False), (MIN_COMPRESSED_BYTES, True), (4000, True)],
)
def test_payloads_of_256_bytes_and_more_are_compressed(raw_bytes, is_compressed):
    content = {"text": "a" * (raw_bytes - len('{"text":""}'))}

    text = ours().dumps(content)

    assert text.startswith(".") is is_compressed
    assert theirs().dumps(content).startswith(".")
    assert theirs().loads(text) == ours().loads(theirs().dumps(content)) == content


def test_a_long_payload_is_compressed_only_if_that_makes_it_shorter():
    random_bytes = hashlib.shake_256(b"").digest(300)
    are_compressed = set()
    for repeats in range(60):  # zlib saves nothing, then a byte, then more
        content = {"x": random_bytes + b"a" * repeats}
        with at(NOW):
            text = ours(json=pickle).dumps(content)
            assert text == theirs(json=pickle).dumps(content)
        assert ours(json=pickle).loads(text) == content
        are_compressed.add(text.startswith(b"."))
    assert are_compressed == {False, True}


@pytest.mark.parametrize("derivation", ["hmac", "concat", "django-concat", "none"])
@pytest.mark.parametrize(
    "digest", [hashlib.sha1, hashlib.sha512, lambda *raw: hashlib.sha256(*raw)]
)
def test_any_derivation_of_keys_and_any_hash_function_is_that_of_itsdangerous(derivation, digest):
    with at(NOW):
        text = theirs(["old", "new"], derivation, digest).dumps({"n": 1})
        assert ours(["old", "new"], derivation, digest).dumps({"n": 1}) == text
    assert ours(["new", "newer"], derivation, digest).loads(text) == {"n": 1}


def test_an_unknown_derivation_of_keys_is_an_error_at_its_first_use():
    serializer = ours(derivation="unknown")
    with pytest.raises(TypeError, match="Unknown key derivation"):
        serializer.dumps({})
    with pytest.raises(TypeError, match="Unknown key derivation"):
        serializer.loads(theirs().dumps({}))


def test_a_serializer_of_bytes_makes_bytes():
    with at(NOW):
        text = ours(json=pickle).dumps({"n": (1,)})
        assert text == theirs(json=pickle).dumps({"n": (1,)})
    assert ours(json=pickle).loads(text) == {"n": (1,)}


def test_the_time_of_a_signature_can_be_read():
    with at(NOW):
        text = theirs().dumps({"n": 1})
    expected = ({"n": 1}, datetime.fromtimestamp(NOW, timezone.utc))
    assert theirs().loads(text, return_timestamp=True) == expected
    assert ours().loads(text, return_timestamp=True) == expected
    assert ours().make_signer().unsign(text, return_timestamp=True) == (
        text.split(".")[0].encode(),
        expected[1],
    )


# What is no good is refused by both


def signed(text):
    """A good signature under any text."""
    signer = Signer("a key", salt="cookie-session", key_derivation="hmac")
    return signer.sign(text.encode("utf-8", "replace"))


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "...", "a.b", ".b", "a.", ".a.b.c", "e30.b", "e30.A.b", "\udc80.a.b", "é.é.é"],
)
@pytest.mark.parametrize("is_signed", [False, True])
def test_a_text_of_another_shape_is_the_error_that_it_is_of_itsdangerous(text, is_signed):
    cookie = signed(text) if is_signed else text
    assert outcome(ours(), cookie, 10**9) == outcome(theirs(), cookie, 10**9)


@pytest.mark.parametrize("stamp", ["A", "!", "_____", "______________"])
def test_a_time_that_is_no_time_is_refused(stamp):
    with at(NOW):
        assert outcome(ours(), signed(f"e30.{stamp}"), 60) == outcome(
            theirs(), signed(f"e30.{stamp}"), 60
        )
    assert outcome(ours(), signed(f"e30.{stamp}"), 60) != {}


@pytest.mark.parametrize("seconds", [253_402_300_800, 2**40, 2**64 - 1])
def test_a_time_after_the_year_9999_is_refused(seconds):  # itsdangerous: another exception
    stamp = encode(seconds.to_bytes(8, "big").lstrip(b"\0")).decode()
    for max_age in (None, 60):
        assert outcome(ours(), signed(f"e30.{stamp}"), max_age) == (BadTimeSignature, b"e30")


def test_the_last_second_of_the_year_9999_is_a_time():
    with at(253_402_300_799):
        assert ours().loads(ours().dumps({}), 0, return_timestamp=True) == (
            {},
            datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
        )


@pytest.mark.parametrize("payload", ["", ".", "!", "A", ".e30", "e30.", "..e30", "bm8"])
def test_a_payload_that_cannot_be_decoded_is_refused(payload):
    with at(NOW):
        text = TimestampSigner("a key", salt="cookie-session", key_derivation="hmac").sign(payload)
    assert outcome(ours(), text) == outcome(theirs(), text) == (BadPayload, None)


@pytest.mark.parametrize("seconds", [0, 1, 60, 61, -1, 10**9])
@pytest.mark.parametrize("keys", [["a key"], ["a key", "new"], ["newest", "new"]])
def test_the_age_and_the_keys_count_as_with_itsdangerous(seconds, keys):
    with at(NOW):
        text = theirs().dumps({"n": 1})
    with at(NOW + seconds):
        read = outcome(ours(keys), text, 60)
        assert read == outcome(theirs(keys), text, 60)
    assert (read == {"n": 1}) is ("a key" in keys and 0 <= seconds <= 60)


def test_an_expired_signature_has_its_timestamp():
    with at(NOW):
        text = ours().dumps({"n": 1})
    with at(NOW + 61), pytest.raises(SignatureExpired, match="61 seconds old") as caught:
        ours().loads(text, max_age=60)
    assert caught.value.date_signed == datetime.fromtimestamp(NOW, timezone.utc)


@given(content=sessions, place=st.integers(0, 400), bit=st.integers(0, 6))
def test_a_changed_text_is_refused(content, place, bit):
    text = bytearray(ours().dumps(content).encode())
    place %= len(text)
    is_signed_part = place < text.rindex(b".")
    text[place] ^= 1 << bit
    with pytest.raises(BadSignature):
        ours().loads(bytes(text))
    if is_signed_part:  # itsdangerous accepts several spellings of a signature
        with pytest.raises(BadSignature):
            theirs().loads(bytes(text))


@given(content=sessions, left=st.integers(0, 400), right=st.integers(0, 400))
def test_a_part_of_a_text_is_refused_by_both(content, left, right):
    text = ours().dumps(content)
    left, right = left % len(text), right % len(text)
    for part in {text[:right], text[left + 1 :], text[:left] + text[left + 1 :]}:
        with pytest.raises(BadSignature):
            ours().loads(part)
        with pytest.raises(BadSignature):
            theirs().loads(part)


@given(content=sessions, other=sessions)
def test_content_in_another_encoding_or_under_another_signature_is_refused_by_both(content, other):
    payload, stamp, signature = ours().dumps(content).rsplit(".", 2)
    raw = session_json_serializer.dumps(content).encode()
    for another in {
        payload + "=",
        payload + "\n",
        "." + payload,
        encode(raw + b" ").decode(),
        "." + encode(zlib.compress(raw, 1)).decode(),
        ours().dumps(other).rsplit(".", 2)[0],
    } - {payload}:
        text = f"{another}.{stamp}.{signature}"
        with pytest.raises(BadSignature):
            ours().loads(text)
        with pytest.raises(BadSignature):
            theirs().loads(text)


@given(
    content=sessions, filler=st.sampled_from(["=", "!", "\n", " ", "%"]), place=st.integers(0, 27)
)
def test_a_signature_in_another_spelling_is_refused(content, filler, place):
    value, signature = ours().dumps(content).rsplit(".", 1)
    spelling = signature[:place] + filler + signature[place:]
    with pytest.raises(BadSignature):
        ours().loads(f"{value}.{spelling}")


# What a program changes takes effect


class Backwards(HMACAlgorithm):
    def get_signature(self, key, value):
        return super().get_signature(key, value)[::-1]


def test_an_algorithm_of_the_program_s_own_signs_and_verifies():
    mine, expected = ours(), theirs()
    mine.signer_kwargs["algorithm"] = expected.signer_kwargs["algorithm"] = Backwards(hashlib.sha1)
    with at(NOW):
        assert mine.dumps({"n": 1}) == expected.dumps({"n": 1}) != theirs().dumps({"n": 1})
    assert mine.loads(mine.dumps({"n": 1})) == {"n": 1}
    assert outcome(mine, theirs().dumps({"n": 1}))[0] is BadTimeSignature


def test_fallback_signers_are_tried():
    serializer = ours()
    text = theirs(digest=hashlib.sha256).dumps({"n": 1})
    assert outcome(serializer, text)[0] is BadTimeSignature
    serializer.fallback_signers = [{"key_derivation": "hmac", "digest_method": hashlib.sha256}]
    assert serializer.loads(text) == {"n": 1}
    assert serializer.loads(text, return_timestamp=True)[0] == {"n": 1}


def test_a_serializer_that_an_interface_changed_reads_and_writes_sessions():
    class Moved(retort.sessions.SecureCookieSessionInterface):
        def get_signing_serializer(self, app):
            serializer = super().get_signing_serializer(app)
            serializer.fallback_signers = [{"key_derivation": "concat"}]
            return serializer

    app = retort.Flask("moved")
    app.secret_key = "a key"
    app.session_interface = Moved()
    app.add_url_rule("/", view_func=lambda: dict(retort.session))
    client = app.test_client()
    client.set_cookie("session", theirs(derivation="concat").dumps({"n": 1}))
    assert client.get("/").json == {"n": 1}


def test_the_arguments_for_json_are_passed_on():
    serializer = ours(json=retort.json)
    serializer.serializer_kwargs = {"indent": 1}
    assert decode(serializer.dumps({"n": 1}).split(".")[0].encode()) == b'{\n "n": 1\n}'


def test_a_signer_is_kept_for_the_salt_of_the_serializer_only():
    serializer = ours()
    assert serializer.make_signer() is serializer.make_signer(b"cookie-session")
    assert serializer.make_signer("mail") is not serializer.make_signer("mail")
    with at(NOW):
        assert serializer.dumps("x", salt="mail") == theirs().dumps("x", salt="mail")
        assert serializer.make_signer().get_signature("x") == (
            theirs().make_signer().get_signature("x")
        )


# The parts


@given(key=st.binary(max_size=150), text=st.binary())
@pytest.mark.parametrize("digest", [hashlib.sha1, hashlib.sha512, "sha256"])
def test_a_key_signs_each_text_with_hmac(digest, key, text):
    mac_key = MacKey(key, digest)
    for _ in range(2):  # the prepared key stays as it is
        assert mac_key.sign(text) == hmac.digest(key, text, digest)


@given(raw=st.binary())
def test_what_is_encoded_can_be_decoded(raw):
    assert decode(encode(raw)) == raw
