"""Sign session cookies and read them, in the format of itsdangerous.

`sessions.py` defines sessions and the content of their cookies. The classes are subclasses of
itsdangerous' with the same arguments and exceptions, but keys are derived once, a signature has
one valid encoding, and short payloads are not compressed.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from binascii import a2b_base64, b2a_base64
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

from itsdangerous import (
    BadPayload,
    BadSignature,
    BadTimeSignature,
    HMACAlgorithm,
    SignatureExpired,
    TimestampSigner,
    URLSafeTimedSerializer,
    want_bytes,
)
from itsdangerous.serializer import Serializer

if TYPE_CHECKING:
    from collections.abc import Callable

# PERF: a session of Flask-Login and Flask-WTF has 224 bytes. Compressing it takes longer than
# signing it and saves 74 characters; a request that reads and changes it takes a fifth longer.
MIN_COMPRESSED_BYTES = 256

_LAST_SECOND = 253_402_300_799  # of the year 9999, the limit of `datetime`

_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def encode(raw: bytes) -> bytes:
    """The URL-safe base64 of ``raw`` without its padding (RFC 4648 section 5)."""
    return b2a_base64(raw, newline=False).translate(_TO_URL_SAFE, b"=")


def decode(text: bytes) -> bytes:
    """The inverse of :func:`encode`.

    :raises ValueError: if ``text`` does not have a valid base64 length.
    """
    return a2b_base64(text.translate(_FROM_URL_SAFE) + b"=" * (-len(text) % 4))


_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


class MacKey:
    """An HMAC key (RFC 2104 section 2). It is hashed once, not for each text.

    PERF: a copy of an ``hmac.HMAC`` takes twice the time, in Python; see
    benchmarks/bytecodes.py.

    :param digest_method: the hash function, or its name in :mod:`hashlib`.
    """

    def __init__(self, key: bytes, digest_method: Any) -> None:
        if isinstance(digest_method, str):
            digest_method = partial(hashlib.new, digest_method)
        block_bytes = digest_method().block_size
        if len(key) > block_bytes:
            key = digest_method(key).digest()
        key = key.ljust(block_bytes, b"\0")
        self._inner = digest_method(key.translate(_INNER_PAD))
        self._outer = digest_method(key.translate(_OUTER_PAD))

    def sign(self, text: bytes) -> bytes:
        """The message authentication code of ``text``."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        mac: bytes = outer.digest()
        return mac


@lru_cache(maxsize=1)
def _stamp(seconds: int) -> bytes:
    """Seconds since 1970 in the encoding of itsdangerous."""
    return encode(seconds.to_bytes(8, "big").lstrip(b"\0"))


def _seconds_of(stamp: bytes) -> int | None:
    """The seconds that ``stamp`` encodes, or ``None`` if it is not a time."""
    try:
        seconds = int.from_bytes(decode(stamp), "big")
    except ValueError:
        return None
    return seconds if seconds <= _LAST_SECOND else None


class SessionSigner(TimestampSigner):
    """A signer that derives its keys once, and accepts one encoding of each signature."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The newest key signs. It is checked first, since it signed most cookies.
        self._macs = [self._mac_with(secret) for secret in reversed(self.secret_keys)]

    def _mac_with(self, secret: bytes) -> Callable[[bytes], bytes]:
        key = self.derive_key(secret)
        if type(self.algorithm) is HMACAlgorithm:
            return MacKey(key, self.algorithm.digest_method).sign
        return partial(self.algorithm.get_signature, key)

    def get_signature(self, value: str | bytes) -> bytes:
        return encode(self._macs[0](want_bytes(value)))

    def sign(self, value: str | bytes) -> bytes:
        value = value if type(value) is bytes else want_bytes(value)
        signed = value + self.sep + _stamp(self.get_timestamp())
        return signed + self.sep + encode(self._macs[0](signed))

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        # Compares encoded signatures: base64 has several encodings of the same bytes.
        given = sig if type(sig) is bytes else want_bytes(sig)
        signed = value if type(value) is bytes else want_bytes(value)
        for mac in self._macs:
            expected = encode(mac(signed))
            if hmac.compare_digest(given, expected):
                return True
        return False

    def unsign(
        self,
        signed_value: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
    ) -> Any:
        raw = signed_value.encode() if type(signed_value) is str else want_bytes(signed_value)
        signed, _, signature = raw.rpartition(self.sep)
        value, has_time, stamp = signed.rpartition(self.sep)
        if not self.verify_signature(signed, signature):
            if has_time:
                raise BadTimeSignature("The signature does not match.", payload=value)
            raise BadSignature("The signature does not match.", payload=signed)
        if not has_time:
            raise BadTimeSignature("The time of the signature is missing.", payload=signed)
        seconds = _seconds_of(stamp)
        if seconds is None:
            raise BadTimeSignature("The time of the signature cannot be read.", payload=value)
        if max_age is not None:
            age = self.get_timestamp() - seconds
            if not 0 <= age <= max_age:
                raise SignatureExpired(
                    f"The signature is {age} seconds old, and {max_age} are allowed.",
                    payload=value,
                    date_signed=self.timestamp_to_datetime(seconds),
                )
        return (value, self.timestamp_to_datetime(seconds)) if return_timestamp else value


class SessionSerializer(URLSafeTimedSerializer):
    """A serializer that caches its signer, and compresses only long payloads."""

    default_signer = SessionSigner
    _signer: SessionSigner | None = None

    def make_signer(self, salt: str | bytes | None = None) -> SessionSigner:
        if salt is not None and salt != self.salt:
            return cast("SessionSigner", super().make_signer(salt))
        if self._signer is None:
            self._signer = cast("SessionSigner", super().make_signer())
        return self._signer

    def dumps(self, obj: Any, salt: str | bytes | None = None) -> Any:
        signed = self.make_signer(salt).sign(self.dump_payload(obj))
        return signed.decode() if self.is_text_serializer else signed

    def dump_payload(self, obj: Any) -> bytes:
        text = self.serializer.dumps(obj, **self.serializer_kwargs)
        raw: bytes = text.encode() if type(text) is str else want_bytes(text)
        if len(raw) >= MIN_COMPRESSED_BYTES:
            compressed = zlib.compress(raw)
            if len(compressed) < len(raw) - 1:  # the dot below takes one byte
                return b"." + encode(compressed)
        return encode(raw)

    def loads(  # type: ignore[override]  # as in its base class, which differs from its own base
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> Any:
        if self.fallback_signers:  # added by a session interface of the program
            return super().loads(s, max_age, return_timestamp, salt)
        unsigned = self.make_signer(salt).unsign(s, max_age, return_timestamp)
        if return_timestamp:
            value, signed_at = unsigned
            return self.load_payload(value), signed_at
        return self.load_payload(unsigned)

    def load_payload(self, payload: bytes, *args: Any, **kwargs: Any) -> Any:
        try:
            is_compressed = payload.startswith(b".")
            raw = zlib.decompress(decode(payload[1:])) if is_compressed else decode(payload)
        except (ValueError, zlib.error) as error:
            raise BadPayload("The payload cannot be decoded.", original_error=error) from error
        return Serializer.load_payload(self, raw, *args, **kwargs)


def make_serializer(
    keys: tuple[str | bytes, ...],
    salt: str | bytes,
    serializer: Any,
    key_derivation: str,
    digest_method: Callable[..., Any],
) -> URLSafeTimedSerializer:
    """A serializer that signs with the last of ``keys`` and accepts signatures of all.

    :param serializer: writes and reads the payload.
    :param key_derivation: name of a key derivation method of itsdangerous.
    :param digest_method: the hash function.
    """
    return SessionSerializer(
        list(keys),  # type: ignore[arg-type]  # the stubs require all str or all bytes
        salt=salt,
        serializer=serializer,
        signer_kwargs={"key_derivation": key_derivation, "digest_method": digest_method},
    )
