"""Names in a deployment: of objects, hosts, variables, secrets and folders.

Each function returns the value if it is valid, and raises `DeployError` otherwise. Quoting is in
`quoting.py`; what is read here needs none.
"""

from __future__ import annotations

import ipaddress
import re

from ..devtools.redaction import redact
from .errors import DeployError

# A Service has a name that begins with a letter (RFC 1035). The longest name that is made of it is
# that of the migration Job, with 17 characters more, and the limit for it is 63.
MAX_NAME = 46
_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.A)
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.A)
_HOST_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.A)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.A)
_SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}", re.A)
_PATH = re.compile(r"/?[-._/+@A-Za-z0-9]+", re.A)
_USER = re.compile(r"[a-z_][-a-z0-9_]{0,30}", re.A)
# Not `is_secret`, which is for error pages: SESSION_COOKIE_SECURE and TOKEN_LIFETIME are public.
_SECRET = re.compile(
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|dsn|(?:^|_)(?:key|pass|pw|pin|auth))"
    r"s?(?:_?\d+|_fallbacks)?$",
    re.I,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def name_of(target: str) -> str:
    """The name of a deployment from that of its program: ``shop`` for ``shop.py`` or ``shop:app``.

    :raises DeployError: if there is none.
    """
    module = target.partition(":")[0].replace("\\", "/").rstrip("/")
    word = module.rpartition("/")[2].removesuffix(".py").partition(".")[0]
    name = word.lower().replace("_", "-").strip("-")
    if not is_label(name):
        raise DeployError(
            f"{target!r} gives the deployment no name: {name!r} is no DNS label, which has up to"
            f" {MAX_NAME} of a-z, 0-9 and '-' and begins with a letter. Add --name NAME."
        )
    return name


def is_label(name: str) -> bool:
    """Whether a name is a DNS label that a Service may have."""
    return len(name) <= MAX_NAME and _LABEL.fullmatch(name) is not None


def label(name: str, option: str) -> str:
    """A name of the deployment, a DNS label."""
    if is_label(name):
        return name
    raise DeployError(
        f"{option} {name!r} is no DNS label: write up to {MAX_NAME} characters of a-z, 0-9 and"
        " '-', first a letter, last a letter or a digit, such as 'shop' or 'shop-2'."
    )


def namespace(name: str, option: str) -> str:
    """A namespace of Kubernetes, a DNS label of up to 63 characters."""
    if len(name) <= 63 and _NAMESPACE.fullmatch(name):
        return name
    raise DeployError(
        f"{option} {name!r} is no namespace: write up to 63 characters of a-z, 0-9 and '-', such"
        " as 'shop'."
    )


def subdomain(name: str, option: str) -> str:
    """The name of a Secret, a class or a Gateway: DNS labels with dots between them."""
    if len(name) <= 253 and all(_HOST_LABEL.fullmatch(one) for one in name.split(".")):
        return name
    raise DeployError(
        f"{option} {name!r} is no name of an object: write a-z, 0-9, '-' and '.', such as"
        " 'shop-tls'."
    )


def host(name: str) -> str:
    """A host name, in lower case; its first label may be ``*``."""
    low = name.lower().removesuffix(".")
    rest = low.removeprefix("*.")
    labels = rest.split(".")
    is_name = len(low) <= 253 and all(_HOST_LABEL.fullmatch(one) for one in labels)
    if is_name and not is_address(rest) and not labels[-1].isdigit():
        return low
    hint = "write it without a scheme, a port and a path"
    if is_address(rest):
        hint = "it is an address, and neither an Ingress nor an HTTPRoute has one"
    if not name.isascii():
        hint = "write it in its form of ASCII, such as 'xn--bcher-kva.example'"
    raise DeployError(f"--host {name!r} is no host name such as 'shop.example': {hint}.")


def is_server_name(word: str) -> bool:
    """Whether a word is a host name or an IPv4 address, as a client connects to it."""
    return len(word) <= 253 and all(_HOST_LABEL.fullmatch(one) for one in word.lower().split("."))


def is_address(word: str) -> bool:
    """Whether a word is an IP address."""
    try:
        ipaddress.ip_address(word.strip("[]"))
    except ValueError:
        return False
    return True


def variable(name: str, option: str) -> str:
    """The name of an environment variable."""
    if _VARIABLE.fullmatch(name):
        return name
    raise DeployError(
        f"{option} {name!r} is no name of a variable: write A-Z, a-z, 0-9 and '_', first no"
        " digit, such as 'DATABASE_URL'."
    )


def secret_key(name: str, option: str) -> str:
    """A key of a Secret."""
    if _SECRET_KEY.fullmatch(name):
        return name
    raise DeployError(f"{option}: {name!r} is no key of a Secret: write A-Z, a-z, 0-9, '-._'.")


def public_value(name: str, value: str) -> str:
    """The value of a variable that may stand in a file.

    :raises DeployError: if the name or the value is that of a secret.
    """
    if _SECRET.search(name) or redact(value) != value:
        raise DeployError(
            f"--env {name}=... has a secret, which would be readable in the file. Name it with"
            f" --secret {name}; the file then has a reference to its value."
        )
    return text(value, f"--env {name}")


def text(value: str, option: str) -> str:
    """A text of one line."""
    if _CONTROL.search(value):
        raise DeployError(
            f"{option}: the value has a line break or another control character. Write it on one"
            " line."
        )
    return value


def path(value: str, option: str) -> str:
    """A path that no file format has to quote."""
    if _PATH.fullmatch(value) and not value.startswith("-"):
        return value
    raise DeployError(
        f"{option} {value!r} is no path of letters, digits and '-._/+@'. Choose one without"
        " spaces and other characters, which units and configurations give a meaning."
    )


def absolute_path(value: str, option: str) -> str:
    """A path that begins with ``/``."""
    if value.startswith("/"):
        return path(value, option)
    raise DeployError(f"{option} {value!r} does not begin with '/': write the whole path.")


def user(name: str, option: str) -> str:
    """A user of the system that is not root."""
    if _USER.fullmatch(name) and name != "root":
        return name
    raise DeployError(
        f"{option} {name!r} is no user for a service: write up to 31 characters of a-z, 0-9, '_'"
        " and '-', and not root."
    )
