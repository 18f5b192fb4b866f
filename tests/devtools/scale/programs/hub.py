from retort import Flask, websocket

app = Flask(__name__)
sockets = set()


@app.websocket("/chat", origins=["https://example.com"])
async def chat():
    await websocket.accept()
    connection = websocket._get_current_object()
    sockets.add(connection)  # local: socket-hub
    try:
        async for text in websocket:
            for other in sockets:
                await other.send(text)
    finally:
        sockets.discard(connection)
