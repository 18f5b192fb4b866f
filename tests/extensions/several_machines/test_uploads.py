"""Uploads: one replica stores a file in the object store, the other sends the browser there."""

import boto3
import httpx
import pytest

KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
PICTURE = b"\x89PNG" + b"pixel" * 200_000  # larger than what is held in memory


@pytest.fixture
def s3(start, monkeypatch):
    """Start moto's server with a bucket; the variables for clients."""
    address = start("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}")
    variables = {**KEYS, "AWS_ENDPOINT_URL_S3": f"http://{address}", "UPLOADS_BUCKET": "pictures"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    location = {"LocationConstraint": KEYS["AWS_DEFAULT_REGION"]}
    boto3.client("s3").create_bucket(Bucket="pictures", CreateBucketConfiguration=location)
    return variables


def files_below(folder):
    return {path.name for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_uploads_in_an_object_store_are_found_by_both_replicas(machines, visit, sample, s3):
    visitor = visit(sample("Uploads"), env=s3)

    for _ in range(2):  # three requests, so the other replica begins the second time
        files = {"picture": ("a.png", PICTURE, "image/png")}
        added = visitor.post("/pictures", files=files)
        assert added.status_code == 201
        for _ in range(2):
            found = visitor.get(added.json()["address"])
            assert found.status_code == 302
            picture = httpx.get(found.headers["Location"])
            assert (picture.content, picture.headers["Content-Type"]) == (PICTURE, "image/png")

    for name in ("machine-1", "machine-2"):
        assert files_below(machines.folder / name) == {"shop.py"}
