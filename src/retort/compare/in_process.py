"""A client for ``--in-process``: the side's process uses its application's test client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .client import Client
from .messages import NoResponse, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .messages import Outcome
    from .sides import Side


class InProcessClient(Client):
    """Sends requests through the control channel of a side."""

    def __init__(self, side: Side, *, host: str, timeout_seconds: float) -> None:
        super().__init__(
            side.next_port, lambda: side.ports, host=host, timeout_seconds=timeout_seconds
        )
        self.side = side

    def send(self, request: Request) -> Outcome:
        """Send a request by the test client in the side's process."""
        found = self.side.send(
            {
                "method": request.method,
                "target": request.target,
                "fields": [list(item) for item in self.all_fields(request)],
                "body": request.body.decode("latin-1"),
            },
            self.timeout_seconds,
        )
        if found is None:
            return NoResponse("closed", "the process ended or did not reply")
        if "raised" in found:
            return NoResponse("exception", found["raised"])
        fields = tuple((name, value) for name, value in found["fields"])
        body = found["body"].encode("latin-1")
        response = Response(
            found["status"], found["reason"], fields, body, seconds=found["seconds"]
        )
        self.cookies.keep(request.target, response.all("Set-Cookie"))
        return response

    def send_all(self, requests: Iterable[Request], connections: int) -> list[float]:
        """Send the requests one after the other."""
        outcomes = [self.send(request) for request in requests]
        return [one.seconds for one in outcomes if isinstance(one, Response) and one.status < 400]
