"""The files and rules of TLS, and what is wrong with them, said before anything is served.

The server underneath ends its process when a file does not suit it, so all is tried here first,
with Python's own ``ssl``. The handshakes themselves are Granian's (rustls).
"""

from __future__ import annotations

import importlib.util
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import click


class TlsProblem(click.ClickException):
    """The files cannot be used; the message says which, why and what to do."""


@dataclass(frozen=True)
class Tls:
    """How connections are encrypted. Only names: the files are read by each new worker.

    :param cert: PEM file with the certificate chain.
    :param key: PEM file with its private key.
    :param password_file: whose first line is the password of the key; ``None``: it has none.
    :param client_ca: PEM file with the authorities whose clients are let in.
    :param client_cert: ``required``, or ``optional``: a client without a certificate is let in.
    :param min_version: the oldest version of TLS, ``1.2`` or ``1.3``.
    """

    cert: str
    key: str
    password_file: str | None = None
    client_ca: str | None = None
    client_cert: str = "required"
    min_version: str = "1.2"

    def password(self) -> str | None:
        """The password of the key, read anew.

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
        """Try all the files.

        :raises TlsProblem: if one of them is not what it should be.
        """
        check_pair(self)
        if self.client_ca is not None:
            check_authorities(self.client_ca)


def check_pair(tls: Tls) -> None:
    """See that the key is readable and the certificate's.

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
        # Without a password that counts, OpenSSL would ask for one in the terminal.
        context.load_cert_chain(tls.cert, tls.key, password or "")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise TlsProblem(
            f"cannot use {tls.cert!r} with the key {tls.key!r}: {error}. Both have to be PEM"
            " files, and the key has to be the certificate's"
            f"{', with the password that was given' if password is not None else ''}."
        ) from None


def check_decryption() -> None:
    """See that a key with a password can be decrypted here.

    :raises TlsProblem: if not.
    """
    if importlib.util.find_spec("cryptography") is None or not hasattr(os, "memfd_create"):
        raise TlsProblem(
            "a key with a password needs Linux and the package cryptography: pip install"
            " cryptography. Or take the password off (openssl pkey -in key.pem -out plain.pem) and"
            " let nobody but the server's user read the file."
        )


def readable_key(tls: Tls) -> str:
    """The name of a file with the key without its password, for the server underneath.

    Granian 2.8.7 has an argument for a password, but fails with every key that has one. The
    file is in this process's memory alone (memfd_create(2)), as the key will be anyway.
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
    """See that there is a certificate in the file.

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
