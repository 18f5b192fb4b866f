"""The messages of one process, and those who wait for the next one."""

import asyncio
from collections import deque
from uuid import uuid4

KEPT = 100  # messages
LONGEST = {"name": 40, "text": 500}  # characters


class NotSent(ValueError):
    """The message was not sent, and why; `status` is that of the HTTP response."""

    def __init__(self, reason, status=400):
        super().__init__(reason)
        self.status = status


class Room:
    def __init__(self):
        self.kept = deque(maxlen=KEPT)
        self.changed = asyncio.Event()

    async def send(self, fields):
        """Send a message to all, made of the fields of a form or of a JSON object."""
        self.add(new_message(fields))

    async def history(self):
        """The last messages, the oldest first."""
        return list(self.kept)

    async def messages(self, last_id=None):
        """The messages after the one with this id, and then all that come, without end.

        Only the place in the list is kept for each reader. One that is too slow misses what the
        list no longer has.
        """
        while True:
            changed = self.changed
            for message in messages_after(self.kept, last_id):
                last_id = message["id"]
                yield message
            await changed.wait()

    def add(self, message):
        self.kept.append(message)
        self.changed.set()
        self.changed = asyncio.Event()


def messages_after(messages, last_id):
    """Those after the one with this id; all, if there is none with it."""
    ids = [message["id"] for message in messages]
    start = ids.index(last_id) + 1 if last_id in ids else 0
    return list(messages)[start:]


def new_message(fields):
    if not isinstance(fields, dict):
        raise NotSent("Send an object with a name and a text.")
    message = {"id": uuid4().hex}
    for field, longest in LONGEST.items():
        value = fields.get(field)
        # JSON can spell half a character ("\ud800"), which no page can contain.
        text = value.encode(errors="replace").decode().strip() if isinstance(value, str) else ""
        if not text:
            raise NotSent(f"Please fill in the {field}.")
        if len(text) > longest:
            raise NotSent(f"The {field} can have {longest} characters, not {len(text)}.")
        message[field] = text
    return message
