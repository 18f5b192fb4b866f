"""The messages of all processes: Redis keeps the last ones, and publishes each new one."""

import asyncio
import json
import logging

from redis.asyncio import from_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from room import KEPT, NotSent, Room, new_message

KEY = "chat"  # of the list, and the name of the channel
PAUSE_SECONDS = 0.5

log = logging.getLogger(__name__)


class RedisRoom(Room):
    """Has a copy of the messages in this process, for its readers."""

    def __init__(self, url):
        super().__init__()
        # One retry: a connection of the pool may be older than a restart of Redis.
        retry = Retry(NoBackoff(), 1)
        self.redis = from_url(url, decode_responses=True, socket_timeout=5, retry=retry)

    async def send(self, fields):
        text = json.dumps(new_message(fields))
        try:
            # One transaction, so that the list and the channel have the same order.
            async with self.redis.pipeline() as pipeline:
                pipeline.rpush(KEY, text).ltrim(KEY, -KEPT, -1).publish(KEY, text)
                await pipeline.execute()
        except RedisError as error:
            log.warning("A message was not sent: %s", error)
            raise NotSent("The message was not sent. Please try again later.", 503) from error

    async def history(self):
        """The list in Redis: the copy may not have the message that was just sent elsewhere."""
        try:
            return await self.stored()
        except RedisError:
            return list(self.kept)

    async def serve(self):
        """Receive messages while the program serves."""
        receiving = asyncio.create_task(self.receive())
        yield
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        await self.redis.aclose()

    async def receive(self):
        while True:
            try:
                await self.receive_until_error()
            except Exception as error:
                log.warning("No messages from Redis, trying again: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)

    async def receive_until_error(self):
        async with self.redis.pubsub() as channel:
            await channel.subscribe(KEY)
            async for item in channel.listen():
                if item["type"] == "message":
                    self.add_new([json.loads(item["data"])])
                else:  # subscribed, also after the client has connected again by itself
                    self.add_new(await self.stored())

    async def stored(self):
        return [json.loads(text) for text in await self.redis.lrange(KEY, 0, -1)]

    def add_new(self, messages):
        known = {message["id"] for message in self.kept}
        for message in messages:
            if message["id"] not in known:
                self.add(message)
