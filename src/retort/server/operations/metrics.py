"""Metrics in Prometheus's text format, made by its library ``prometheus-client``.

The library sums the values of several workers with files in a shared folder (its "multiprocess
mode"). The folder also has the program's own metrics. The endpoint is a label and the path is not,
so that clients cannot create labels.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import tempfile
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .health import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .request_record import RequestRecord

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

# How often a worker writes its gauges into the shared folder, which any worker may serve.
_GAUGE_SECONDS = 1.0

# The bounds of the delays of an event loop. Up to 10 ms are common on a busy machine.
_LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "TRACE", "CONNECT")
)


def is_installed() -> bool:
    """Whether the library is installed."""
    # Do not import it: the import decides whether its multiprocess mode is used.
    return importlib.util.find_spec("prometheus_client") is not None


@contextlib.contextmanager
def shared_folder() -> Iterator[None]:
    """Create the shared folder for several workers, unless the operator has set one.

    It must exist before the server or the program imports the library, which reads the variable at
    import.
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
    """Counts and times each `RequestRecord`, and serves all metrics of the program.

    Each serving process needs one.
    """

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        # Not the library's default registry, which the program may change.
        self.own = CollectorRegistry()
        self.requests = Counter(
            "retort_requests",
            "Total requests.",
            ["method", "endpoint", "status"],
            registry=self.own,
        )
        self.duration = Histogram(
            "retort_request_duration_seconds",
            "Time from a request to the end of its response.",
            ["method", "endpoint"],
            registry=self.own,
        )
        self.in_flight = Gauge(
            "retort_requests_in_flight",
            "Requests in progress.",
            multiprocess_mode="livesum",
            registry=self.own,
        )
        self.loop_lag = Histogram(
            "retort_event_loop_lag_seconds",
            "Delay of a callback on the event loop, measured once per second.",
            buckets=_LAG_BUCKETS,
            registry=self.own,
        )
        self._counts: list[tuple[Any, Callable[[], int]]] = []

    def watch(self, name: str, documentation: str, count: Callable[[], int]) -> None:
        """Add a gauge.

        :param count: returns its value; called in any thread.
        """
        from prometheus_client import Gauge

        gauge = Gauge(name, documentation, multiprocess_mode="livesum", registry=self.own)
        self._counts.append((gauge, count))

    def start(self) -> None:
        """Begin to write the gauges, if other processes serve them, too."""
        if os.environ.get(_FOLDER_VARIABLE):
            threading.Thread(target=self._write_gauges, name="retort gauges", daemon=True).start()

    def _write_gauges(self) -> None:
        while True:
            self.set_gauges()
            time.sleep(_GAUGE_SECONDS)

    def set_gauges(self) -> None:
        """Set the gauges to their present values."""
        for gauge, count in self._counts:
            gauge.set(count())

    def at_start(self, record: RequestRecord) -> None:
        self.in_flight.inc()

    def at_end(self, record: RequestRecord) -> None:
        self.in_flight.dec()
        method = record.method if record.method in _METHODS else "other"
        endpoint = record.endpoint or ""
        self.requests.labels(method, endpoint, str(record.status)).inc()
        self.duration.labels(method, endpoint).observe(record.seconds)

    def page(self) -> Page:
        """All metrics in Prometheus's text format."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        self.set_gauges()
        text = b"".join(generate_latest(registry) for registry in self.registries())
        return Page(HTTPStatus.OK, CONTENT_TYPE_LATEST, text)

    def registries(self) -> list[Any]:
        """The registries to serve: those of this process, or the shared folder's."""
        from prometheus_client import REGISTRY, CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        folder = os.environ.get(_FOLDER_VARIABLE)
        workers: Any = CollectorRegistry()
        if not folder:
            workers.register(WorkersCollector([os.getpid()]))
            return [REGISTRY, self.own, workers]
        workers.register(WorkersCollector(live_workers(folder)))
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return [shared, workers]


class WorkersCollector:
    """Collects the number of serving processes and the memory of each."""

    def __init__(self, pids: list[int]) -> None:
        self.pids = pids

    def collect(self) -> Iterator[Any]:
        """Called by Prometheus's registry."""
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


def live_workers(folder: str) -> list[int]:
    """The ids of running workers that have a file in the folder.

    The gauge files of ended workers are removed; their counters are kept.
    """
    from prometheus_client.multiprocess import mark_process_dead

    living = []
    for file in sorted(Path(folder).glob("gauge_livesum_*.db")):
        pid = int(file.stem.rpartition("_")[2])
        if is_alive(pid):
            living.append(pid)
        else:
            with contextlib.suppress(FileNotFoundError):  # another worker has removed it
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    return living


def is_alive(pid: int) -> bool:
    """Whether the process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def resident_bytes(pid: int) -> int | None:
    """A process's resident memory, from Linux's ``/proc`` (proc(5), statm)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
