"""moto's server: boto3 talks to it as if to Amazon."""

import json
import urllib.request

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def moto(tmp_path_factory, start_for_module):
    return "http://" + start_for_module("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}")


@pytest.fixture
def aws(moto):
    def aws(service, **options):
        return boto3.client(
            service,
            endpoint_url=moto,
            region_name="eu-central-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            **options,
        )

    return aws


def test_buckets_and_objects(aws):
    s3 = aws("s3")
    s3.create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    s3.put_object(Bucket="bucket", Key="a/ü +.txt", Body=b"content", Metadata={"kind": "test"})

    found = s3.get_object(Bucket="bucket", Key="a/ü +.txt")
    assert found["Body"].read() == b"content"
    assert found["Metadata"] == {"kind": "test"}
    assert s3.head_object(Bucket="bucket", Key="a/ü +.txt")["ContentLength"] == 7
    assert (
        s3.get_object(Bucket="bucket", Key="a/ü +.txt", Range="bytes=0-2")["Body"].read() == b"con"
    )
    s3.delete_object(Bucket="bucket", Key="a/ü +.txt")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="bucket", Key="a/ü +.txt")


def test_a_large_upload_in_parts(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="big", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    upload = s3.create_multipart_upload(Bucket="big", Key="file")["UploadId"]
    parts = []
    for number, size in [(1, 5 * 1024 * 1024), (2, 10)]:
        tag = s3.upload_part(
            Bucket="big", Key="file", PartNumber=number, UploadId=upload, Body=b"x" * size
        )["ETag"]
        parts.append({"ETag": tag, "PartNumber": number})
    s3.complete_multipart_upload(
        Bucket="big", Key="file", UploadId=upload, MultipartUpload={"Parts": parts}
    )

    assert s3.head_object(Bucket="big", Key="file")["ContentLength"] == 5 * 1024 * 1024 + 10


def test_tables(aws):
    tables = aws("dynamodb")
    tables.create_table(
        TableName="entries",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    tables.put_item(TableName="entries", Item={"id": {"S": "1"}, "text": {"S": "hello"}})

    item = tables.get_item(TableName="entries", Key={"id": {"S": "1"}})["Item"]
    assert item["text"] == {"S": "hello"}


def test_queues(aws):
    queues = aws("sqs")
    url = queues.create_queue(QueueName="queue")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="hello")

    assert queues.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_its_own_pages(moto):
    request = urllib.request.Request(f"{moto}/moto-api/reset", method="POST")

    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer) == {"status": "ok"}
