"""What an operator asked for beside serving: logs, ids, proxies, pages for machines. Only data.

`layers.py` puts around the application what is asked for here; what is not costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

OPS_PATH = "/-"
OPS_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Operations:
    """The same for every worker, and picklable.

    :param access_log: a file, or ``-`` for standard output; ``None``: no access log.
    :param access_log_format: ``common``, ``combined`` or ``json``.
    :param log_format: how the program's records look: ``text`` or ``json``, with the request
        they are about; ``None``: as Flask has it.
    :param request_id: answer with ``X-Request-ID``.
    :param proxies: how many proxies there are, each of which adds to ``X-Forwarded-For`` and kin.
    :param health: pages that say whether the server answers and the program is ready.
    :param metrics: a page of measurements for Prometheus.
    :param ops_path: where these pages are, without a slash at the end.
    :param ops_port: a port of their own; ``None``: they are on the site's.
    :param ops_host: the address of that port.
    """

    access_log: str | None = None
    access_log_format: str = "combined"
    log_format: str | None = None
    request_id: bool = False
    proxies: int = 0
    health: bool = False
    metrics: bool = False
    ops_path: str = OPS_PATH
    ops_port: int | None = None
    ops_host: str = OPS_HOST

    @property
    def watches(self) -> bool:
        """Whether each request is looked at."""
        return bool(self.access_log or self.log_format or self.request_id or self.metrics)

    @property
    def has_pages(self) -> bool:
        """Whether there is a page for machines."""
        return self.health or self.metrics
