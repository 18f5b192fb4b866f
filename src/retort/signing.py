"""Sign session cookies, and read them: itsdangerous' format, with less work for each cookie.

What is a session, and what goes into its cookie, is decided in `sessions.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from binascii import Error, a2b_base64, b2a_base64
from functools import lru_cache, partial
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


# PERF: to compress takes as long as to sign, and most sessions are short.
def cannot_shrink(raw: bytes) -> bool:
    """Whether it is sure that `zlib.compress` saves no more than one byte of ``raw``.

    Not if it has at most 64 bytes, of which at most 7 occurred before. To save two bytes, the
    block of bits that zlib makes (RFC 1951) has to be 64 bits shorter than ``raw``, for zlib
    puts 6 bytes around it. Each byte that occurs for the first time is written as a symbol; let
    *k* be the number of these symbols and the one that ends the block.

    - With fixed codes (section 3.2.6) a block begins and ends with 10 bits, and each of these
      symbols takes 8 or more. So 7 * 8 - 10 bits may be saved.
    - With codes of its own (3.2.7) it begins with 17 bits. 24 or more follow, without which it
      could not tell of codes as short as 6 bits, and the shortest of so few codes is; 16 or
      more for two or more runs of the 192 or more bytes that do not occur; 1 or more for the
      length of each code, and of one for distances. The symbols take *k* ld *k* bits or more
      (the inequality of Kraft). That makes 58 + *k* (1 + ld *k*), which is 8 *k* - 10 or more
      for any *k*, and ``raw`` has 8 *k* + 48 bits at most. So 58 bits may be saved.
    """
    return len(raw) <= 64 and len(raw) - len(set(raw)) <= 7


class Seal:
    """HMAC (RFC 2104) under one key.

    PERF: `hmac.digest` hashes the key for each text, and looks up the hash function.

    :param new: the hash function, of `hashlib`.
    """

    def __init__(self, key: bytes, new: Callable[..., Any]) -> None:
        self._begun = hmac.new(key, digestmod=new)

    def __call__(self, text: bytes) -> bytes:
        mac = self._begun.copy()
        mac.update(text)
        return mac.digest()


@lru_cache(maxsize=8)
def _stamp(seconds: int) -> bytes:
    """A dot, and this time since 1970 as itsdangerous writes it."""
    return b"." + encode(seconds.to_bytes(8, "big").lstrip(b"\0"))


class SessionSigner(TimestampSigner):
    """A signer that derives its keys once, and accepts one spelling of each signature."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._derived_keys: dict[bytes, bytes] = {}
        self._seal = self._seal_of_newest()

    def _seal_of_newest(self) -> Callable[[bytes], bytes]:
        key = self.derive_key()
        if type(self.algorithm) is HmacInC:
            return Seal(key, self.algorithm.digest_method)
        return partial(self.algorithm.get_signature, key)

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        secret = bytes(self.secret_key if secret_key is None else want_bytes(secret_key))
        derived = self._derived_keys.get(secret)
        if derived is None:
            derived = self._derived_keys[secret] = super().derive_key(secret)
        return derived

    def sign(self, value: str | bytes) -> bytes:
        if not IS_FAST:
            return super().sign(value)
        signed = want_bytes(value) + _stamp(self.get_timestamp())
        return signed + b"." + encode(self._seal(signed))

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

    def read_fresh(self, text: str | bytes, max_age: int) -> bytes | None:
        """What a payload that is not compressed was made of, if ``text`` is surely good.

        PERF: ``None`` for all others: was it not signed with the newest key in the last
        ``max_age`` seconds, `unsign` says what is wrong.
        """
        signed, _, signature = want_bytes(text).rpartition(b".")
        if not hmac.compare_digest(signature, encode(self._seal(signed))):
            return None
        value, dot, stamp = signed.rpartition(b".")
        if not dot or len(stamp) > 8:  # six bytes, for the next nine million years
            return None
        try:
            age = self.get_timestamp() - int.from_bytes(decode(stamp), "big")
            is_good = 0 <= age <= max_age and not value.startswith(b".")
            return decode(value) if is_good else None
        except Error:
            return None


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

    def dumps(self, obj: Any, salt: str | bytes | None = None) -> str:
        if not IS_FAST or salt is not None or not self.is_text_serializer:
            return super().dumps(obj, salt)
        signer = self._signer or self.make_signer()
        return signer.sign(self.dump_payload(obj)).decode("ascii")

    def dump_payload(self, obj: Any) -> bytes:
        if not IS_FAST:
            return super().dump_payload(obj)
        raw = want_bytes(self.serializer.dumps(obj, **self.serializer_kwargs))
        if cannot_shrink(raw):
            return encode(raw)
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
            payload = (self._signer or self.make_signer()).read_fresh(s, max_age)
            if payload is not None:
                return Serializer.load_payload(self, payload)
        return super().loads(s, max_age, return_timestamp, salt)


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
