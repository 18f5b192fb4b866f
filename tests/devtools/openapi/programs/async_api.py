"""Async views, with helpers that are awaited."""

from retort import Flask, jsonify, request

app = Flask(__name__)


async def payload():
    return request.get_json()


async def lookup(city):
    return {"city": city}


@app.get("/weather")
async def weather():
    city = request.args["city"]
    units = request.args.get("units", "metric")
    return jsonify(await lookup(city), units)


@app.post("/weather")
async def report():
    data = await payload()
    await lookup(data["city"])
    return jsonify(ok=True, degrees=data["degrees"]), 201


LABELS = {
    "GET /weather": "query:city! query:units",
    "POST /weather": "json:city! json:degrees!",
}
