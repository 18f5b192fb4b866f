"""The name of a container image, which has to say which version it is."""

from __future__ import annotations

import re

from .errors import DeployError

_REFERENCE = re.compile(
    r"(?P<path>(?:[A-Za-z0-9][-.A-Za-z0-9]*(?::[0-9]{1,5})?/)?"  # a registry
    r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][-.A-Za-z0-9_]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.A,
)
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?", re.A)


def image(name: str) -> str:
    """An image with a tag or a digest.

    :raises DeployError: if it has neither, or the tag ``latest``, or is no name of an image.
    """
    match = _REFERENCE.fullmatch(name) if len(name) <= 1024 else None
    if match is None:
        raise DeployError(
            f"--image {name!r} is no name of an image: write it like registry.example/shop:1,"
            " with a path in lower case."
        )
    if match["digest"] is None and match["tag"] in (None, "latest"):
        problem = "has no tag" if match["tag"] is None else "has the tag 'latest'"
        raise DeployError(
            f"--image {name!r} {problem}: replicas that start later could run another program,"
            f" and there is no way back. Name the version: {match['path']}:1."
        )
    return name


def version_of(name: str) -> str | None:
    """The tag, for a label; ``None`` if there is none that a label can have."""
    match = _REFERENCE.fullmatch(name)
    tag = match["tag"] if match is not None else None
    return tag if tag is not None and _LABEL_VALUE.fullmatch(tag) else None
