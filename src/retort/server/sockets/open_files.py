"""Warn at the start if the limit of open files (``ulimit -n``) allows few connections.

A worker at its connection limit accepts no more. Clients then wait until another connection is
closed, which can take as long as a connection may be idle.
"""

from __future__ import annotations

from ..options import MAX_CONNECTIONS

# A browser opens up to six connections, so even a small site may have some hundred idle ones.
_FEW_CONNECTIONS = 1_000

_ENOUGH_FILES = 16_384


def open_files_lines() -> list[str]:
    """The warning, if the limit is low after it has been raised as far as permitted."""
    connections = connection_limit(may_raise=True)
    if connections >= _FEW_CONNECTIONS:
        return []
    import resource  # exists wherever there is a limit

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    line = (
        f" * The limit of open files is low ({files}): each worker holds at most {connections}"
        " connections, and more clients have to wait. Raise it with 'ulimit -n"
        f" {_ENOUGH_FILES}' before the start, LimitNOFILE={_ENOUGH_FILES} in a unit of systemd, or"
        f" --ulimit nofile={_ENOUGH_FILES} of a container."
    )
    return [line]


def connection_limit(*, may_raise: bool) -> int:
    """The number of connections to accept: the default, or what the limit of open files allows.

    :param may_raise: raise this process's limit of open files as far as permitted.
    """
    try:
        import resource
    except ImportError:  # Windows
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _SPARE_FILES
    if may_raise and soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(MAX_CONNECTIONS, soft - _SPARE_FILES), soft // 2)


def is_scarce(file: int) -> bool:
    """Whether a file that was just opened is one of the last that the limit allows.

    The system gives a new file the lowest free number.
    """
    try:
        import resource
    except ImportError:  # Windows
        return False
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft != resource.RLIM_INFINITY and file >= max(soft - _SPARE_FILES, soft // 2)


def raise_limit(files: int) -> None:
    """Raise this process's limit of open files by so many, as far as permitted."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return
    wanted = soft + files if hard == resource.RLIM_INFINITY else min(soft + files, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


_SPARE_FILES = 256  # for the program's own files, sockets and database connections
