"""What goes wrong under optimized_imports: the answer says it, the environment lives on and loses nothing."""

import itertools
import json
import socket
import time

import boto3
import pytest
from deployed import Call, assert_nothing_left, deploy, environment_pid
from doubles import Receiver
from servers import dynamodb_server, free_port, s3_server

FUNCTION = "optimized_imports"
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "S3RVER", "aws_secret_access_key": "S3RVER"}
DOWNLOAD = {"type": "s3_download", "bucket": "b", "key": "k"}
GET = {"type": "dynamodb_get", "table": "items", "key": {"id": "i"}}


@pytest.fixture
def silent_port():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=4000) as server:
        yield server.getsockname()[1]


def operations(*each):
    return {"action": "file_operations", "operations": list(each)}


def results(call):
    return [entry["result"] for entry in call.ok()["result"]["results"]]


def requests(*urls):
    return {"action": "http_requests", "urls": list(urls)}


# S3


@pytest.fixture(scope="module")
def forbidding_s3(tmp_path_factory):
    """An S3 server that knows another key than the function's: 403."""
    server = s3_server(tmp_path_factory.mktemp("s3"), keys=("ANOTHER", "ANOTHER"))
    boto3.client("s3", endpoint_url=server.url, **KEYS).put_object(Bucket="b", Key="k", Body=b"content")
    yield server
    server.close()


def test_s3_that_forbids_is_an_entry_with_its_code(kiln, name, forbidding_s3):
    deploy(kiln, name, FUNCTION, {"AWS_ENDPOINT_URL_S3": forbidding_s3.url}, MemorySize=1769, Timeout=30)
    call = Call(kiln, name, operations(DOWNLOAD, {"type": "s3_upload", "bucket": "b", "key": "k", "content": "x"}))
    for one in results(call):
        assert one["success"] is False and "InvalidAccessKeyId" in one["error"] and "403" in one["error"]
    assert call.log.count("an operation failed") == 2
    assert boto3.client("s3", endpoint_url=forbidding_s3.url, **KEYS).get_object(Bucket="b", Key="k")["Body"].read() == b"content"
    assert_nothing_left(kiln, name, operations(DOWNLOAD), 200, count=10_000, at_once=4, descriptors=1, memory_mb=4)


def test_an_object_that_breaks_off_is_an_error(kiln, name):
    def answer(method, path, headers, body):
        return 200, {"Content-Length": 1000, "Connection": "close"}, b"half"

    server = Receiver(answer)
    try:
        deploy(kiln, name, FUNCTION, {"AWS_ENDPOINT_URL_S3": server.url}, Timeout=30)
        [one] = results(Call(kiln, name, operations(DOWNLOAD)))
        assert one["success"] is False and one["error"] and "content" not in one
    finally:
        server.close()


# DynamoDB


class Throttling(Receiver):
    """A DynamoDB that throttles so many requests, and then answers with an item."""

    def __init__(self, times):
        left = itertools.count(times, -1)

        def answer(method, path, headers, body):
            headers = {"Content-Type": "application/x-amz-json-1.0"}
            if next(left) > 0:
                return 400, headers, json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                                                 "message": "The level of configured provisioned throughput was exceeded."}).encode()
            return 200, headers, b'{"Item":{"id":{"S":"i"}}}'

        super().__init__(answer)


def test_dynamodb_that_throttles_is_asked_again(kiln, name):
    server = Throttling(2)
    try:
        deploy(kiln, name, FUNCTION, {"AWS_ENDPOINT_URL_DYNAMODB": server.url}, Timeout=30)
        assert results(Call(kiln, name, operations(GET))) == [{"success": True, "table": "items", "item_found": True, "item": {"id": "i"}}]
        assert server.received.qsize() == 3
    finally:
        server.close()


def test_dynamodb_that_goes_on_throttling_is_an_entry_with_its_code(kiln, name):
    server = Throttling(10**9)
    try:
        deploy(kiln, name, FUNCTION, {"AWS_ENDPOINT_URL_DYNAMODB": server.url, "ENVIRONMENT": "prod"}, Timeout=30, MemorySize=512)
        [one] = results(Call(kiln, name, operations(GET)))
        assert one["success"] is False and "ProvisionedThroughputExceededException" in one["error"]
        assert server.received.qsize() == 6  # five retries
        # The waits between attempts are part of each call: some at once, and fewer than elsewhere.
        kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"AWS_ENDPOINT_URL_DYNAMODB": server.url}})
        assert_nothing_left(kiln, name, operations(GET), 200, count=300, at_once=20, warm_up=60, descriptors=1, memory_mb=4)
    finally:
        server.close()


def test_ten_thousand_operations_on_what_is_not_there_leave_nothing(kiln, name):
    server = dynamodb_server()
    try:
        deploy(kiln, name, FUNCTION, {"AWS_ENDPOINT_URL_DYNAMODB": server.url}, MemorySize=1769, Timeout=30)
        [one] = results(Call(kiln, name, operations(GET)))
        assert one["success"] is False and "ResourceNotFoundException" in one["error"]
        assert_nothing_left(kiln, name, operations(GET), 200, count=10_000, at_once=4, descriptors=1, memory_mb=4)
    finally:
        server.close()


def test_services_that_are_silent_are_given_up_before_the_functions_time_is_up(kiln, name, silent_port):
    url = f"http://127.0.0.1:{silent_port}"
    deploy(kiln, name, FUNCTION, {"AWS_ENDPOINT_URL_S3": url, "AWS_ENDPOINT_URL_DYNAMODB": url}, Timeout=2)
    for cold in (True, False):
        call = Call(kiln, name, operations(DOWNLOAD, GET))
        assert call.cold is cold
        assert all(one["success"] is False and one["error"] for one in results(call))


def test_services_that_are_down_are_named(kiln, name):
    ports = free_port(), free_port()
    deploy(kiln, name, FUNCTION, {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{ports[0]}", "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{ports[1]}"}, Timeout=30)
    for port, one in zip(ports, results(Call(kiln, name, operations(DOWNLOAD, GET)))):
        assert one["success"] is False and str(port) in one["error"]


# HTTP


def test_a_url_that_hangs_is_one_entry(kiln, name, silent_port):
    web = Receiver()
    try:
        deploy(kiln, name, FUNCTION, {"TIMEOUT_SECONDS": "1"}, Timeout=30)
        start = time.monotonic()
        hanging = f"http://127.0.0.1:{silent_port}/"
        call = Call(kiln, name, requests(web.url, hanging, f"http://127.0.0.1:{free_port()}/", web.url))
        found = call.ok()["result"]["results"]
        assert [one.get("status_code") for one in found] == [200, None, None, 200] and found[1]["error"] and found[2]["error"]
        assert time.monotonic() - start < 5
        assert call.log.count("a request failed") == 2 and hanging in call.log
        # Without a time-out of its own that is shorter, the end of the invocation is the limit.
        kiln.client("lambda").update_function_configuration(FunctionName=name, Timeout=2, MemorySize=1769, Environment={"Variables": {}})
        call = Call(kiln, name, requests(hanging))
        assert call.ok()["result"]["results"][0]["error"]
    finally:
        web.close()


def test_ten_thousand_urls_that_hang_leave_nothing(kiln, name, silent_port):
    deploy(kiln, name, FUNCTION, {"TIMEOUT_SECONDS": "1"}, MemorySize=1769, Timeout=60)
    hanging = requests(*[f"http://127.0.0.1:{silent_port}/{i}" for i in range(250)])
    found = Call(kiln, name, hanging).ok()["result"]["results"]
    assert len(found) == 250 and all("error" in one for one in found)
    # 40 calls of 250 URLs.
    assert_nothing_left(kiln, name, hanging, 200, count=40, at_once=8, warm_up=8, memory_mb=8)


def test_ten_thousand_urls_that_refuse_leave_nothing(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=1769, Timeout=30)
    assert_nothing_left(kiln, name, requests(f"http://127.0.0.1:{free_port()}/"), 200, count=10_000, memory_mb=4)


# data_analysis


def test_a_record_that_is_no_object_is_skipped_and_counted(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=1769)
    good = {"id": 1, "name": "a"}
    bad = [None, 5, "x", [], [good], True, 1e308]
    event = {"action": "data_analysis", "records": [good, *bad, {"id": {}, "name": ["x"]}, {"id": 3}]}
    call = Call(kiln, name, event)
    analysis = call.ok()["result"]["analysis"]
    assert (analysis["row_count"], analysis["skipped"]) == (3, {"records": len(bad), "values": 2})
    assert analysis["numeric_summary"]["id"]["mean"] == 2
    assert "skipped" in call.log
    assert_nothing_left(kiln, name, event, 200, count=10_000)


def test_no_event_ends_the_process(kiln, name):
    """Nesting, numbers beyond all bounds, text that breaks off: 400 or an answer, by the same environment."""
    deploy(kiln, name, FUNCTION, MemorySize=256)
    assert Call(kiln, name, {"records": [{"a": 1}]}).ok()
    pid = environment_pid(kiln, name)
    deep = "[" * 500_000 + "]" * 500_000
    for records, status in ((deep, 400), (f'[{{"a":{deep}}}]', 400), ('[{"a":-0.0},{"a":123456789012345678901234567890}]', 200), ('[{"":1,"":2}]', 200)):
        code, _, answer = kiln.http("POST", f"/2015-03-31/functions/{name}/invocations", '{"action":"data_analysis","records":%s}' % records)
        assert (code, json.loads(answer)["statusCode"]) == (200, status), answer[:300]
    columns = {"records": [{f"column {i}": i for i in range(10_001)}]}
    assert Call(kiln, name, columns).status == 400
    assert Call(kiln, name, {"records": [{"a": 1}]}).ok()
    assert environment_pid(kiln, name) == pid


def test_ten_thousand_events_that_make_no_sense_leave_nothing(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=256)
    assert_nothing_left(kiln, name, {"action": "nope"}, 400, count=10_000)
