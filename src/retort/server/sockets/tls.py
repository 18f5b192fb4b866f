"""Check the TLS files and settings before the server starts.

Granian ends its process when it cannot use a file, so Python's ``ssl`` loads each file first.
Granian performs the handshakes (rustls).
"""

from __future__ import annotations

import importlib.util
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import click


class TlsProblem(click.ClickException):
    """The files cannot be used; the message has the file, the reason and the fix."""


@dataclass(frozen=True)
class Tls:
    """TLS settings. They hold file names: each new worker reads the files.

    :param cert: PEM file with the certificate chain.
    :param key: PEM file with its private key.
    :param password_file: a file whose first line is the key's password; ``None``: no password.
    :param client_ca: PEM file with the authorities whose client certificates are accepted.
    :param client_cert: ``required``, or ``optional`` to accept clients without a certificate.
    :param min_version: the lowest TLS version, ``1.2`` or ``1.3``.
    """

    cert: str
    key: str
    password_file: str | None = None
    client_ca: str | None = None
    client_cert: str = "required"
    min_version: str = "1.2"

    def password(self) -> str | None:
        """Read the key's password.

        :raises TlsProblem: if the file cannot be read.
        """
        if self.password_file is None:
            return None
        try:
            return Path(self.password_file).read_text(encoding="utf-8").split("\n")[0]
        except (OSError, UnicodeError) as error:
            raise TlsProblem(
                f"cannot read the password of the key in {self.password_file!r}: {error}."
            ) from None

    def check(self) -> None:
        """Load all the files.

        :raises TlsProblem: if one of them cannot be used.
        """
        check_pair(self)
        if self.client_ca is not None:
            check_authorities(self.client_ca)


def check_pair(tls: Tls) -> None:
    """Check that the key is readable and matches the certificate.

    :raises TlsProblem: if not.
    """
    password = tls.password()
    if _has_encrypted_key(tls.key) and password is None:
        raise TlsProblem(
            f"the key {tls.key!r} has a password: give it by --key-password-file FILE."
        )
    if password is not None:
        check_decryption()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password argument, OpenSSL prompts for one in the terminal.
        context.load_cert_chain(tls.cert, tls.key, password or "")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise TlsProblem(
            f"cannot use {tls.cert!r} with the key {tls.key!r}: {error}. Both have to be PEM"
            " files, and the key has to be the certificate's"
            f"{', with the password that was given' if password is not None else ''}."
        ) from None


def check_decryption() -> None:
    """Check that keys with a password can be decrypted here.

    :raises TlsProblem: if not.
    """
    if importlib.util.find_spec("cryptography") is None or not hasattr(os, "memfd_create"):
        raise TlsProblem(
            "a key with a password needs Linux and the package cryptography: pip install"
            " cryptography. Or remove the password (openssl pkey -in key.pem -out plain.pem) and"
            " make the file readable by the server's user only."
        )


def readable_key(tls: Tls) -> str:
    """The path of a file that has the key without its password, for Granian.

    Granian 2.8.7 has a password argument, but fails with every key that has a password. The file
    exists only in this process's memory (memfd_create(2)), where Granian loads the key anyway.
    """
    password = tls.password()
    if password is None:
        return tls.key
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(Path(tls.key).read_bytes(), password.encode())
    plain = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = os.memfd_create("key")
    os.write(file, plain)
    return f"/proc/self/fd/{file}"


def check_authorities(client_ca: str) -> None:
    """Check that the file has a certificate.

    :raises TlsProblem: if not.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(client_ca)
    except OSError as error:
        raise TlsProblem(
            f"cannot use {client_ca!r} as --client-ca: {error}. It has to be a PEM file with the"
            " certificates of the authorities that sign your clients'."
        ) from None


def _has_encrypted_key(key: str) -> bool:
    text = _text_of(key)
    return "BEGIN ENCRYPTED PRIVATE KEY" in text or "Proc-Type: 4,ENCRYPTED" in text


def _text_of(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
