"""httpbin: the complete program, through its test client and over HTTP."""

import gzip
import json
import urllib.request

import pytest


@pytest.fixture
def client():
    from httpbin import app

    return app.test_client()


def test_it_returns_the_request_data(client):
    response = client.get("/get?a=1&a=2", headers={"X-Key": "key"})
    assert response.json["args"] == {"a": ["1", "2"]}
    assert response.json["headers"]["X-Key"] == "key"
    assert response.json["url"] == "http://localhost/get?a=1&a=2"

    assert client.post("/post", json={"b": 2}).json["json"] == {"b": 2}
    assert client.put("/put", data={"c": "3"}).json["form"] == {"c": "3"}
    assert client.patch("/anything/x", data=b"raw").json["data"] == "raw"


@pytest.mark.parametrize("status", [200, 204, 301, 401, 404, 418, 500])
def test_it_answers_with_any_status(client, status):
    assert client.get(f"/status/{status}").status_code == status


def test_redirects_and_cookies(client):
    response = client.get("/redirect/3", follow_redirects=True)
    assert response.request.path == "/get"
    assert len(response.history) == 3

    response = client.get("/cookies/set?crumb=sweet", follow_redirects=True)
    assert response.json == {"cookies": {"crumb": "sweet"}}


def test_authentication(client):
    assert client.get("/basic-auth/ada/secret").status_code == 401
    assert client.get("/basic-auth/ada/secret", auth=("ada", "secret")).json["authenticated"]
    challenge = client.get("/digest-auth/auth/ada/secret").headers["WWW-Authenticate"]
    assert challenge.startswith("Digest realm=")


def test_bodies_of_all_kinds(client):
    assert json.loads(gzip.decompress(client.get("/gzip").data))["gzipped"] is True
    assert len(client.get("/stream/3").text.splitlines()) == 3
    assert len(client.get("/bytes/100?seed=1").data) == 100
    ranged = client.get("/range/26", headers={"Range": "bytes=1-3"})
    assert (ranged.status_code, ranged.text) == (206, "bcd")
    assert "Moby-Dick" in client.get("/html").text
    assert client.get("/image/png").data.startswith(b"\x89PNG")


def test_conditional_requests(client):
    assert client.get("/cache", headers={"If-None-Match": "x"}).status_code == 304
    assert client.get("/etag/abc", headers={"If-None-Match": '"abc"'}).status_code == 304
    assert client.get("/etag/abc", headers={"If-Match": '"other"'}).status_code == 412


def test_methods_are_returned(client):
    assert client.delete("/get").status_code == 405
    assert set(client.options("/post").allow) == {"POST", "OPTIONS"}


def test_it_is_served(start):
    address = start("run", "--port", "{port}", "httpbin:app")

    with urllib.request.urlopen(f"http://{address}/get?a=1", timeout=20) as answer:
        assert json.load(answer)["args"] == {"a": "1"}
