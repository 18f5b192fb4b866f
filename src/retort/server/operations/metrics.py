"""Measurements in the text format of Prometheus, by its own library, ``prometheus-client``.

The library adds the numbers of several workers up by files in a folder that all of them know
(its "multiprocess mode"), which also has what the program measures by itself.
Labels are few on purpose: the endpoint, not the path, so that no client can make new ones.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .health import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .request_record import RequestRecord

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "TRACE", "CONNECT")
)


def is_installed() -> bool:
    """Whether the library is there."""
    # Without importing it: that would settle that there is one process.
    return importlib.util.find_spec("prometheus_client") is not None


@contextlib.contextmanager
def shared_folder() -> Iterator[None]:
    """Where several workers add their numbers up, if the operator has not named a folder.

    Has to be entered before the library is imported, by a program too: it looks only once.
    """
    if os.environ.get(_FOLDER_VARIABLE):
        yield
        return
    folder = tempfile.mkdtemp(prefix="retort-metrics-")
    os.environ[_FOLDER_VARIABLE] = folder
    try:
        yield
    finally:
        del os.environ[_FOLDER_VARIABLE]
        shutil.rmtree(folder, ignore_errors=True)


class Metrics:
    """Counts and times each `RequestRecord`, and shows everything that is measured in this program.

    Make one in each process that serves.
    """

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        # Apart from the library's own registry, which a program may have filled or emptied.
        self.own = CollectorRegistry()
        self.requests = Counter(
            "retort_requests",
            "Requests answered.",
            ["method", "endpoint", "status"],
            registry=self.own,
        )
        self.duration = Histogram(
            "retort_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["method", "endpoint"],
            registry=self.own,
        )
        self.in_flight = Gauge(
            "retort_requests_in_flight",
            "Requests that are being answered now.",
            multiprocess_mode="livesum",
            registry=self.own,
        )

    def at_start(self, record: RequestRecord) -> None:
        self.in_flight.inc()

    def at_end(self, record: RequestRecord) -> None:
        self.in_flight.dec()
        method = record.method if record.method in _METHODS else "other"
        endpoint = record.endpoint or ""
        self.requests.labels(method, endpoint, str(record.status)).inc()
        self.duration.labels(method, endpoint).observe(record.seconds)

    def page(self) -> Page:
        """Everything, as Prometheus reads it."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        text = b"".join(generate_latest(registry) for registry in self.registries())
        return Page(HTTPStatus.OK, CONTENT_TYPE_LATEST, text)

    def registries(self) -> list[Any]:
        """Where the numbers are: in this process, or in the files of all."""
        from prometheus_client import REGISTRY, CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        folder = os.environ.get(_FOLDER_VARIABLE)
        workers: Any = CollectorRegistry()
        if not folder:
            workers.register(Workers([os.getpid()]))
            return [REGISTRY, self.own, workers]
        workers.register(Workers(living_workers(folder)))
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return [shared, workers]


class Workers:
    """The processes that serve, and the memory that each holds."""

    def __init__(self, pids: list[int]) -> None:
        self.pids = pids

    def collect(self) -> Iterator[Any]:
        """What Prometheus's registry asks for."""
        from prometheus_client.core import GaugeMetricFamily

        yield GaugeMetricFamily("retort_workers", "Processes that serve.", value=len(self.pids))
        memory = GaugeMetricFamily(
            "retort_worker_resident_memory_bytes",
            "Memory that a process holds (RSS).",
            labels=["pid"],
        )
        for pid in self.pids:
            size = resident_bytes(pid)
            if size is not None:
                memory.add_metric([str(pid)], size)
        yield memory


def living_workers(folder: str) -> list[int]:
    """Process ids of the workers that have a file in the folder; the files of dead ones go.

    Only those of their gauges: what they counted stays counted.
    """
    from prometheus_client.multiprocess import mark_process_dead

    living = []
    for file in sorted(Path(folder).glob("gauge_livesum_*.db")):
        pid = int(file.stem.rpartition("_")[2])
        if is_alive(pid):
            living.append(pid)
        else:
            with contextlib.suppress(FileNotFoundError):  # another worker was quicker
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    return living


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def resident_bytes(pid: int) -> int | None:
    """The memory a process holds, where Linux's ``/proc`` tells (proc(5), statm)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
