"""A client that numbers its requests, and writes one line for each when it has ended.

Runs as a script on a host of its own: ``load.py ADDRESS PORT PER_SECOND FILE``. It sends requests
at their times, whether others are answered or not, until its standard input ends; then it waits
for the open ones. It repeats no request. `ledger.py` reads the lines.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

# Half of the requests need nothing but the server; one in ten each takes long to begin, takes long
# to end, and needs the store twice as often; two in ten have an effect.
KINDS = ["page", "order", "store", "page", "slow", "page", "order", "store", "stream", "page"]
TIMEOUT_SECONDS = 30
IDLE_SECONDS = 5  # less than HAProxy keeps a connection open


class Client:
    def __init__(self, address: str, port: str, file: str) -> None:
        self.address = address
        self.port = int(port)
        self.output = open(file, "w", buffering=1)  # noqa: SIM115 - until the process ends
        self.idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def request(self, number: int) -> None:
        record = {"number": number, "kind": KINDS[number % len(KINDS)], "started": time.monotonic()}
        try:
            await asyncio.wait_for(self._exchange(record), TIMEOUT_SECONDS)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            record["error"] = repr(error)
        record["ended"] = time.monotonic()
        self.output.write(json.dumps(record) + "\n")

    async def _exchange(self, record: dict) -> None:
        reader, writer = await self._connection()
        try:
            writer.write(request_bytes(record["number"], record["kind"]))
            fields = await read_head(reader, record)
            body = await read_body(reader, fields)
        except BaseException:
            writer.close()
            raise
        record["is_complete"] = body.endswith(b"complete")
        if fields.get("connection") == "close":
            writer.close()
        else:
            self.idle.append((time.monotonic(), reader, writer))

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection that was used last, or a new one."""
        while self.idle:
            since, reader, writer = self.idle.pop()
            if time.monotonic() - since < IDLE_SECONDS and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self.address, self.port)


def request_bytes(number: int, kind: str) -> bytes:
    if kind != "order":
        return f"GET /{kind}?number={number} HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode()
    body = f"number={number}"
    return (
        "POST /order HTTP/1.1\r\nHost: shop.example\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def read_head(reader: asyncio.StreamReader, record: dict) -> dict[str, str]:
    """Read the status line and the header fields."""
    first = await reader.readexactly(1)
    record["begun"] = time.monotonic()
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.rstrip().split("\r\n")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    record["status"] = int(status.split()[1])
    record["server"], record["version"] = fields.get("x-server"), fields.get("x-version")
    return fields


async def read_body(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    if "transfer-encoding" not in fields:
        return await reader.read()
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def run(address: str, port: str, per_second: str, file: str) -> None:
    client = Client(address, port, file)
    end = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    open_requests = set()
    begin, number = time.monotonic(), 0
    while not end.done():
        task = asyncio.create_task(client.request(number))
        open_requests.add(task)
        task.add_done_callback(open_requests.discard)
        number += 1
        await asyncio.sleep(max(0, begin + number / int(per_second) - time.monotonic()))
    await asyncio.gather(*open_requests)


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
