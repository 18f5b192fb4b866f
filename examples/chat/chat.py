"""A chat. Its page uses a WebSocket, else server-sent events, and without JavaScript a form.

Run it with `retort run --debug examples/chat/chat.py`, and open http://localhost:5000 in two tabs.
With REDIS_URL=redis://localhost in the environment, all workers and machines share the messages.
"""

import asyncio
import os
from contextlib import suppress

from room import NotSent, Room

from retort import (
    Event,
    Retort,
    WebSocketDisconnect,
    event_stream,
    json,
    redirect,
    render_template,
    request,
    url_for,
    websocket,
)

app = Retort(__name__)
room = Room()
if "REDIS_URL" in os.environ:
    from redis_room import RedisRoom

    room = RedisRoom(os.environ["REDIS_URL"])
    app.while_serving(room.serve)


async def page(error=None):
    return render_template("chat.html", messages=await room.history(), error=error)


@app.get("/")
async def index():
    return await page()


@app.post("/")
async def send():
    try:
        await room.send(request.form)
    except NotSent as error:
        return await page(error), error.status  # the form again, with what was typed
    return redirect(url_for("index", name=request.form["name"]), 303)


@app.get("/events")
async def events():
    last_id = request.last_event_id or request.args.get("last")
    source = (Event(message, id=message["id"]) async for message in room.messages(last_id))
    return event_stream(source, retry=500)


@app.websocket("/socket")
async def socket():
    await websocket.accept()
    sending = asyncio.create_task(send_messages(websocket.args.get("last")))
    try:
        async for text in websocket:
            try:
                await room.send(json.loads(text))
            except ValueError as error:  # NotSent is one, too
                await websocket.send_json(error=str(error))
    finally:
        sending.cancel()


async def send_messages(last_id):
    with suppress(WebSocketDisconnect):
        async for message in room.messages(last_id):
            await websocket.send_json(message)


if __name__ == "__main__":
    app.run(debug=True)
