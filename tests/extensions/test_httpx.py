"""httpx: its asynchronous client in views, and as a client of a program in the same process."""

import asyncio
import json

import httpx
import pytest

PROGRAM = """
import asyncio

import httpx
from flask import Flask

app = Flask(__name__)
client = httpx.AsyncClient(timeout=60)  # one for the process: it keeps connections open


@app.get("/fetch/<address>/<int:count>")
async def fetch(address, count):
    urls = [f"http://{address}/item/{number}" for number in range(count)]
    responses = await asyncio.gather(*map(client.get, urls))
    return [response.status_code for response in responses]


@app.after_serving
async def close():
    await client.aclose()
    print("closed", flush=True)
"""


def test_a_client_of_the_process_serves_many_views(launch, write, collector):
    write("fetching.py", PROGRAM)
    server = launch("retort", "run", "--port", "{port}", "fetching.py")

    for _ in range(3):
        answer = server.ask(f"/fetch/{collector.address}/5")
        assert json.loads(answer.text) == [200] * 5

    assert len(collector.bodies) == 15
    server.process.terminate()
    server.wait_for_output(lambda output: "closed" in output)
    assert "Traceback" not in server.output()


@pytest.fixture
def asgi(app, framework):
    if framework == "flask":
        pytest.skip("Flask has no ASGI application")
    from flask import request, session

    @app.post("/form")
    async def form():
        session["name"] = request.form["name"]
        return f"hello {session['name']}"

    @app.get("/sync")
    def sync():
        return session.get("name", "unknown")

    @app.get("/stream")
    async def stream():
        async def pieces():
            for number in range(3):
                await asyncio.sleep(0)
                yield f"{number}\n"

        return pieces()

    return app.asgi


def test_views_are_called_through_its_asgi_transport(asgi):
    async def converse():
        transport = httpx.ASGITransport(asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.post("/form", data={"name": "Ada"})).text == "hello Ada"
            assert (await client.get("/sync")).text == "Ada"
            assert (await client.get("/stream")).text == "0\n1\n2\n"
            assert (await client.get("/missing")).status_code == 404

    asyncio.run(converse())
