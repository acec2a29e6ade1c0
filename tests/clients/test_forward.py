"""--forward: services of other servers behind Kiln's one address; an S3 and a DynamoDB server, and hostile ones."""

import hashlib
import socket
import subprocess

import boto3
import pytest
from botocore.exceptions import ClientError

from doubles import Receiver
from harness import BINARY, Kiln, code_of, message_of
from servers import dynamodb_server, free_port, s3_server


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    server = s3_server(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def dynamodb():
    server = dynamodb_server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def whole(s3, dynamodb):
    engine = Kiln(args=["--forward", f"s3={s3.url}", "--forward", f"dynamodb={dynamodb.url}/"])
    yield engine
    engine.stop()


def s3_client(kiln):
    """s3rver checks signatures, with these keys: that it takes a request says that it came as it was signed."""
    return boto3.client("s3", endpoint_url=kiln.url, region_name="us-east-1", aws_access_key_id="S3RVER", aws_secret_access_key="S3RVER")


def test_one_address_serves_functions_objects_and_tables(whole, name):
    objects, tables = s3_client(whole), whole.client("dynamodb")
    content = bytes(range(256)) * 64 * 1024  # 16 MiB: far beyond what Kiln takes for itself
    objects.put_object(Bucket="b", Key="a/b c", Body=content)
    assert hashlib.sha256(objects.get_object(Bucket="b", Key="a/b c")["Body"].read()).digest() == hashlib.sha256(content).digest()
    assert objects.get_object(Bucket="b", Key="a/b c", Range="bytes=1-3")["Body"].read() == content[1:4]
    assert [o["Key"] for o in objects.list_objects_v2(Bucket="b")["Contents"]] == ["a/b c"]
    with pytest.raises(ClientError) as error:
        objects.get_object(Bucket="b", Key="nope")
    assert code_of(error) == "NoSuchKey"
    tables.create_table(TableName="table-" + name, AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    tables.get_waiter("table_exists").wait(TableName="table-" + name)
    tables.put_item(TableName="table-" + name, Item={"k": {"S": "a"}, "n": {"N": "12.5"}})
    assert tables.get_item(TableName="table-" + name, Key={"k": {"S": "a"}})["Item"]["n"] == {"N": "12.5"}
    whole.create_echo(name)
    assert whole.invoke(name, {"a": 1})["Body"] == {"a": 1}


def test_a_presigned_url_is_passed_on(whole):
    objects = s3_client(whole)
    objects.put_object(Bucket="b", Key="signed", Body=b"x")
    url = objects.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "signed"})
    status, _, body = whole.http("GET", url.split(str(whole.port), 1)[1])
    assert (status, body) == (200, b"x")
    # A path that is nobody's is an object's, too: s3rver refuses it, not Kiln.
    status, _, body = whole.http("GET", "/b/signed")
    assert b"message" not in body and status in (200, 403)
    assert whole.http("GET", "/_kiln/nope")[0] == 404


def test_a_function_reaches_the_other_servers_through_kilns_endpoint(whole, name):
    code = (
        "import os, urllib.request\n"
        "def handler(event, context):\n"
        "    request = urllib.request.Request(os.environ['AWS_ENDPOINT_URL'] + '/b/from-function', data=b'hello', method='PUT', headers={\n"
        "        'Authorization': 'AWS4-HMAC-SHA256 Credential=S3RVER/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0'})\n"
        "    try:\n"
        "        return urllib.request.urlopen(request).status\n"
        "    except urllib.error.HTTPError as error:\n"
        "        return error.read().decode()\n"
    )
    whole.create(name, {"index.py": code})
    # s3rver checks signatures: that it is the one who answers shows in its error.
    assert "<Code>" in str(whole.invoke(name)["Body"])


def test_headers_and_body_come_as_they_were_sent(name):
    echo = Receiver(lambda method, path, headers, body: (201, {"X-Answer": "yes"}, body))
    kiln = Kiln(args=["--forward", f"s3={echo.url}"])
    try:
        authorization = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
        with socket.create_connection(("127.0.0.1", kiln.port)) as line:
            # A request for Kiln first, then one for the other server on the same connection, sent before the answer.
            line.sendall(b"GET /_kiln/health HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                         f"PUT /k?x=%2F&y HTTP/1.1\r\nHost: bucket.s3.amazonaws.com\r\nX-Odd: a  b\r\nAuthorization: {authorization}\r\nContent-Length: 5\r\n\r\nhe".encode())
            received = line.recv(65536)
            assert received.startswith(b"HTTP/1.1 200 OK")
            line.sendall(b"llo")
            while chunk := line.recv(65536):
                received += chunk
        assert b"HTTP/1.1 201" in received and b"X-Answer: yes" in received and received.endswith(b"hello")
        method, path, headers, body = echo.next()
        assert (method, path, body) == ("PUT", "/k?x=%2F&y", b"hello")
        assert headers["Host"] == "bucket.s3.amazonaws.com" and headers["X-Odd"] == "a  b" and headers["Authorization"] == authorization
    finally:
        kiln.stop()
        echo.close()


def test_a_server_that_is_down_is_named(name):
    port = free_port()
    kiln = Kiln(args=["--forward", f"dynamodb=http://127.0.0.1:{port}"])
    try:
        with pytest.raises(ClientError) as error:
            kiln.client("dynamodb").list_tables()
        assert f"http://127.0.0.1:{port}" in message_of(error) and error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
        assert kiln.http("GET", "/_kiln/health")[0] == 200
    finally:
        kiln.stop()


def test_names_of_the_aws_cli_and_streams(name):
    """Requests are signed for "states" and "dynamodb", but their target headers say Step Functions and DynamoDB Streams."""
    machines = Receiver(lambda method, path, headers, body: (200, {}, b'{"stateMachines": [{"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "name": "m", "type": "STANDARD", "creationDate": 0}]}'))
    tables = Receiver(lambda method, path, headers, body: (200, {}, b'{"Streams": [{"TableName": "t"}]}' if "Streams" in headers["X-Amz-Target"] else b'{"TableNames": ["t"]}'))
    kiln = Kiln(args=["--forward", f"stepfunctions={machines.url}", "--forward", f"dynamodb={tables.url}"])
    try:
        assert [one["name"] for one in kiln.client("stepfunctions").list_state_machines()["stateMachines"]] == ["m"]
        assert kiln.client("dynamodb").list_tables()["TableNames"] == ["t"]
        assert kiln.client("dynamodbstreams").list_streams()["Streams"] == [{"TableName": "t"}]
    finally:
        kiln.stop()
        machines.close()
        tables.close()


def test_a_service_that_is_nowhere_says_how_to_pass_it_on(kiln):
    with pytest.raises(ClientError) as error:
        kiln.client("dynamodb").put_item(TableName="t", Item={"id": {"S": "1"}})
    assert "--forward SERVICE=URL" in message_of(error)


@pytest.mark.parametrize("value, text", [
    ("s3", "has not the form SERVICE=URL"),
    ("lambda=http://127.0.0.1:1", "Kiln has lambda itself"),
    ("s3=ftp://127.0.0.1", "is neither http:// nor https://"),
    ("s3=https://127.0.0.1", "http:// only"),
    ("s3=http://127.0.0.1:1/path", "must have no path"),
    ("s3=http://127.0.0.1:99999", "no valid port"),
    ("cloudformation=http://127.0.0.1:1", "Kiln has cloudformation itself"),
    ("dynamobd=http://127.0.0.1:1", "AWS has no service 'dynamobd'; did you mean dynamodb?"),
    ("minio=http://127.0.0.1:1", "AWS has no service 'minio'"),
])
def test_bad_forwards_are_refused(tmp_path, value, text):
    done = subprocess.run([str(BINARY), "serve", "--data-dir", str(tmp_path), "--forward", value], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and text in done.stderr
