"""Sign session cookies, and read them: itsdangerous' format, with less work for each cookie.

What is a session, and what goes into its cookie, is decided in `sessions.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from binascii import Error, a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Any, cast

from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import want_bytes
from itsdangerous.serializer import Serializer
from itsdangerous.signer import HMACAlgorithm

from .fast import IS_FAST

if TYPE_CHECKING:
    from collections.abc import Callable

_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def encode(raw: bytes) -> bytes:
    """The URL-safe base64 of ``raw`` without its padding (RFC 4648 section 5)."""
    return b2a_base64(raw, newline=False).translate(_TO_URL_SAFE, b"=")


def decode(text: bytes) -> bytes:
    """The bytes that :func:`encode` made ``text`` of.

    :raises binascii.Error: if it cannot be.
    """
    return a2b_base64(text.translate(_FROM_URL_SAFE) + b"=" * (-len(text) % 4))


# PERF: zlib.compress() prepares 268 KB of memory for whatever comes, which takes longer than
# all the rest of a session. With tables that just suffice, all but the header, which tells
# their size, comes out the same.
def compress(raw: bytes) -> bytes:
    """What `zlib.compress` gives (RFC 1950)."""
    size = len(raw)
    window_bits = min(max(9, (size + _OUT_OF_WINDOW).bit_length()), 15)
    memory_level = min(max(1, (size + 1).bit_length() - 6), 8)  # room for each byte as a symbol
    compressor = zlib.compressobj(wbits=window_bits, memLevel=memory_level)
    return _HEADER + (compressor.compress(raw) + compressor.flush())[2:]


_OUT_OF_WINDOW = 262  # bytes of its window in which zlib does not look: MIN_LOOKAHEAD
_HEADER = zlib.compress(b"")[:2]


class SessionSigner(TimestampSigner):
    """A signer that derives its keys once, and accepts one spelling of each signature."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._derived_keys: dict[bytes, bytes] = {}

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        secret = bytes(self.secret_key if secret_key is None else want_bytes(secret_key))
        derived = self._derived_keys.get(secret)
        if derived is None:
            derived = self._derived_keys[secret] = super().derive_key(secret)
        return derived

    def sign(self, value: str | bytes) -> bytes:
        if not IS_FAST:
            return super().sign(value)
        stamp = encode(self.get_timestamp().to_bytes(8, "big").lstrip(b"\0"))
        signed = want_bytes(value) + b"." + stamp
        return signed + b"." + self.get_signature(signed)

    def get_signature(self, value: str | bytes) -> bytes:
        return encode(self.algorithm.get_signature(self.derive_key(), want_bytes(value)))

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        # Texts are compared, not the bytes they stand for: base64 has several spellings.
        given, signed = want_bytes(sig), want_bytes(value)
        for secret in reversed(self.secret_keys):
            signature = self.algorithm.get_signature(self.derive_key(secret), signed)
            if hmac.compare_digest(given, encode(signature)):
                return True
        return False

    def unsign_fresh(self, text: bytes, max_age: int) -> bytes | None:
        """What was signed with the newest key in the last ``max_age`` seconds.

        PERF: ``None`` for all others, of which `unsign` says what is wrong.
        """
        signed, _, signature = text.rpartition(b".")
        if not hmac.compare_digest(signature, self.get_signature(signed)):
            return None
        value, dot, stamp = signed.rpartition(b".")
        if not dot or len(stamp) > 8:  # six bytes, for the next nine million years
            return None
        age = self.get_timestamp() - int.from_bytes(decode(stamp), "big")
        return value if 0 <= age <= max_age else None


class HmacInC(HMACAlgorithm):
    """itsdangerous' HMAC, computed in one call where the hash function is in C."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, self.digest_method)


class SessionSerializer(URLSafeTimedSerializer):
    """itsdangerous' serializer, which makes a signer for every cookie, with one that stays."""

    default_signer = SessionSigner
    _signer: SessionSigner | None = None

    def make_signer(self, salt: str | bytes | None = None) -> SessionSigner:
        if salt is not None and salt != self.salt:
            return cast("SessionSigner", super().make_signer(salt))
        if self._signer is None:
            self._signer = cast("SessionSigner", super().make_signer(salt))
        return self._signer

    def dump_payload(self, obj: Any) -> bytes:
        if not IS_FAST:
            return super().dump_payload(obj)
        raw = Serializer.dump_payload(self, obj)
        compressed = compress(raw)
        if len(compressed) < len(raw) - 1:
            return b"." + encode(compressed)
        return encode(raw)

    def loads(  # type: ignore[override]  # as its base class, whose base class has it otherwise
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> Any:
        if IS_FAST and max_age is not None and not return_timestamp and salt is None:
            payload = self._read_fresh(s, max_age)
            if payload is not None:
                return Serializer.load_payload(self, payload)
        return super().loads(s, max_age, return_timestamp, salt)

    def _read_fresh(self, text: str | bytes, max_age: int) -> bytes | None:
        try:
            value = self.make_signer().unsign_fresh(want_bytes(text), max_age)
            return None if value is None or value.startswith(b".") else decode(value)
        except Error:
            return None


def make_serializer(
    keys: tuple[str | bytes, ...],
    salt: str | bytes,
    serializer: Any,
    key_derivation: str,
    digest_method: Callable[..., Any],
) -> URLSafeTimedSerializer:
    """What signs with the last of ``keys`` and reads what was signed with any.

    :param serializer: writes and reads what is signed.
    :param key_derivation: one of itsdangerous' names for how the signing key is derived.
    :param digest_method: the hash function.
    """
    signer_kwargs: dict[str, Any] = {
        "key_derivation": key_derivation,
        "digest_method": digest_method,
    }
    if digest_method is hashlib.sha1:
        signer_kwargs["algorithm"] = HmacInC(digest_method)
    return SessionSerializer(
        list(keys),  # type: ignore[arg-type]  # its stubs want all str or all bytes
        salt=salt,
        serializer=serializer,
        signer_kwargs=signer_kwargs,
    )
