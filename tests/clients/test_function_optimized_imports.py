"""optimized_imports through Invoke: each action, cold and warm, against Python's statistics, s3rver, dynalite and HTTP servers."""

import collections
import decimal
import hashlib
import random
import statistics
import threading

import boto3
import pytest
from deployed import Call, cold_and_warm, deploy, deploy_twin
from doubles import Receiver
from servers import dynamodb_server, s3_server

FUNCTION = "optimized_imports"
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "S3RVER", "aws_secret_access_key": "S3RVER"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    server = s3_server(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def dynamodb():
    server = dynamodb_server()
    boto3.client("dynamodb", endpoint_url=server.url, **KEYS).create_table(
        TableName="items", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    yield server
    server.close()


@pytest.fixture
def backends(s3, dynamodb):
    """The variables that name them."""
    return {"AWS_ENDPOINT_URL_S3": s3.url, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.url}


def result(body):
    assert sorted(body) == ["function_memory", "processing_time", "remaining_time_ms", "result", "timestamp"]
    return body["result"]


# data_analysis


def analyzed(kiln, name, records, **more):
    outcome = result(Call(kiln, name, {"action": "data_analysis", "records": records, **more}).ok())
    assert outcome["success"] is True
    return outcome["analysis"]


def assert_is_analysis_of(analysis, records):
    """Against Python's own statistics, column by column."""
    columns = collections.defaultdict(list)
    for record in records:
        for column, value in record.items():
            columns[column].append(value)
    assert (analysis["row_count"], analysis["column_count"]) == (len(records), len(columns))
    numeric, texts = {}, {}
    for column, values in columns.items():
        numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
        others = [{True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value for value in values if isinstance(value, (str, bool))]
        if numbers:
            numeric[column] = {"count": len(numbers), "mean": pytest.approx(statistics.fmean(numbers), rel=1e-12),
                               "std": pytest.approx(statistics.stdev(numbers), rel=1e-9) if len(numbers) > 1 else None, "min": min(numbers), "max": max(numbers)}
        if others:
            counts = collections.Counter(others)
            most = max(counts.values())
            texts[column] = {"count": len(others), "unique_count": len(counts), "most_frequent": min(text for text, count in counts.items() if count == most)}
    assert analysis["numeric_summary"] == numeric
    assert analysis["categorical_summary"] == texts


SALES = [{"city": "Oslo", "amount": 12.5, "items": 3}, {"city": "Rome", "amount": -0.25, "items": 1}, {"city": "Rome", "amount": 1e9}, {"city": "Oslo", "items": 7},
         {"city": "Åre", "amount": 3, "note": "x"}, {}]


def test_data_analysis(kiln, name):
    deploy(kiln, name, FUNCTION, Timeout=20, MemorySize=256)
    for body in cold_and_warm(kiln, name, {"records": SALES}):
        assert body["function_memory"] == 256 and 15_000 < body["remaining_time_ms"] <= 20_000 and body["processing_time"] > 0
        assert len(body["timestamp"]) == len("2026-01-02T03:04:05.678Z")
        assert_is_analysis_of(result(body)["analysis"], SALES)
    assert_is_analysis_of(result(Call(kiln, name, {"action": "data_analysis", "data": {"records": SALES}}).ok())["analysis"], SALES)


def test_statistics_are_pythons(kiln, name):
    deploy(kiln, name, FUNCTION, Timeout=30, MemorySize=512)
    numbers = random.Random(7)
    near = [{"offset": 1e15 + numbers.randrange(3), "tiny": numbers.random() * 1e-300, "wide": numbers.uniform(-1, 1) * 10 ** numbers.randrange(-9, 9)} for _ in range(2000)]
    assert_is_analysis_of(analyzed(kiln, name, near), near)
    # As large an event as Invoke takes.
    words = ["north", "south", "öst", "w\"est", "", "null"]
    large = [{"id": i, "name": f"user number {numbers.randrange(5000)}", "where": numbers.choice(words), "score": numbers.gauss(50, 9), "member": numbers.random() < 0.5}
             for i in range(50_000)]
    assert_is_analysis_of(analyzed(kiln, name, large), large)
    assert_is_analysis_of(analyzed(kiln, name, [{"one": 5}]), [{"one": 5}])


def test_no_data(kiln, name):
    deploy(kiln, name, FUNCTION)
    for records in ([], [1, "x", None]):
        assert result(Call(kiln, name, {"records": records}).ok()) == {"success": False, "error": "No data provided"}


# http_requests


def test_http_requests(kiln, name):
    def answer(method, path, headers, body):
        if path == "/moved":
            return 301, {"Location": "/page"}, b""
        return (503, {}, b"busy") if path == "/busy" else (200, {}, b"x" * 2_000_000)

    web = Receiver(answer)
    try:
        deploy(kiln, name, FUNCTION)
        paths = ["/page", "/busy", "/moved"]
        for body in cold_and_warm(kiln, name, {"action": "http_requests", "urls": [web.url + path for path in paths] + [7, "ftp://x/"]}):
            outcome = result(body)
            assert (outcome["success"], outcome["total_requests"]) == (True, 5)
            for path, one, expected in zip(paths, outcome["results"], [(200, 2_000_000), (503, 4), (200, 2_000_000)]):
                assert (one["url"], one["status_code"], one["content_length"]) == (web.url + path, *expected) and 0 < one["response_time"] < 5
            assert [sorted(one) for one in outcome["results"][3:]] == [["error", "url"]] * 2
        assert web.next()[2]["User-Agent"] == "OptimizedLambda/1.0"
    finally:
        web.close()


def test_requests_are_made_at_once(kiln, name):
    """Nobody is answered before all have asked."""
    everybody = threading.Barrier(20)

    def answer(method, path, headers, body):
        everybody.wait(30)
        return 200, {}, b"ok"

    web = Receiver(answer)
    try:
        deploy(kiln, name, FUNCTION, Timeout=60)
        outcome = result(Call(kiln, name, {"action": "http_requests", "urls": [f"{web.url}/{i}" for i in range(20)]}).ok())
        assert [one.get("status_code") for one in outcome["results"]] == [200] * 20
    finally:
        web.close()


# file_operations


def operations(kiln, name, *each):
    """The results, each with its operation's summary checked."""
    outcome = result(Call(kiln, name, {"action": "file_operations", "operations": list(each)}).ok())
    assert (outcome["success"], outcome["total_operations"]) == (True, len(each))
    assert [entry["operation"]["type"] for entry in outcome["results"]] == [one["type"] for one in each]
    return [entry["result"] for entry in outcome["results"]]


def upload(key, content):
    return {"type": "s3_upload", "bucket": "b", "key": key, "content": content}


def download(key):
    return {"type": "s3_download", "bucket": "b", "key": key}


def put(item):
    return {"type": "dynamodb_put", "table": "items", "item": item}


def get(key):
    return {"type": "dynamodb_get", "table": "items", "key": {"id": key}}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_objects(kiln, name, s3, backends):
    deploy(kiln, name, FUNCTION, backends, Timeout=30)
    objects = boto3.client("s3", endpoint_url=s3.url, **KEYS)
    text = "".join(random.Random(3).choices('aä€\n"\\𝄞', k=100_000))
    for key in ("a b/ä+&.txt", "warm"):  # cold and warm
        stored, loaded = operations(kiln, name, upload(key, text), download(key))
        assert stored == {"success": True, "bucket": "b", "key": key, "size": len(text.encode())}
        assert sha256(objects.get_object(Bucket="b", Key=key)["Body"].read()) == sha256(text.encode())
        assert (loaded["content_length"], sha256(loaded["content"].encode())) == (len(text.encode()), sha256(text.encode()))
        assert len(loaded["last_modified"]) == len("2026-01-02T03:04:05.678Z")
    objects.put_object(Bucket="b", Key="other", Body=b"\xff\x00")
    assert operations(kiln, name, download("other"))[0]["content_omitted"] == "not UTF-8 text"


def test_a_large_object(kiln, name, s3, backends):
    deploy(kiln, name, FUNCTION, backends, Timeout=30, MemorySize=256)
    objects = boto3.client("s3", endpoint_url=s3.url, **KEYS)
    text = "".join(random.Random(4).choices("abcdefgh ", k=5_500_000))  # nearly all that an event may hold
    assert operations(kiln, name, upload("large", text))[0]["size"] == len(text)
    assert sha256(objects.get_object(Bucket="b", Key="large")["Body"].read()) == sha256(text.encode())
    assert operations(kiln, name, download("large"))[0] == {"success": True, "bucket": "b", "key": "large", "content_length": len(text),
                                                           "content_omitted": "longer than 1048576 bytes",
                                                           "last_modified": operations(kiln, name, download("large"))[0]["last_modified"]}


def test_items(kiln, name, dynamodb, backends):
    deploy(kiln, name, FUNCTION, backends, Timeout=30)
    table = boto3.resource("dynamodb", endpoint_url=dynamodb.url, **KEYS).Table("items")
    item = {"name": "ä \"x\"", "whole": 42, "small": 0.1, "list": [1, "two", None, True, {"deep": [1.5]}], "none": None}
    for key in ("cold", "warm"):
        stored, loaded, missing = operations(kiln, name, put({"id": key, **item}), get(key), get("nobody"))
        assert stored == {"success": True, "table": "items", "item_id": key}
        assert loaded == {"success": True, "table": "items", "item_found": True, "item": {"id": key, **item}}
        assert missing == {"success": True, "table": "items", "item_found": False, "item": None}
        kept = table.get_item(Key={"id": key}, ConsistentRead=True)["Item"]
        assert (kept["small"], kept["list"][4]["deep"]) == (decimal.Decimal("0.1"), [decimal.Decimal("1.5")])


def test_numbers_keep_all_their_digits(kiln, name, dynamodb, backends):
    """38 digits, which no double holds; the event is written by hand, since Python's JSON would round it."""
    deploy(kiln, name, FUNCTION, backends)
    digits = "12345678901234567890.123456789012345678"
    body = ('{"action":"file_operations","operations":[{"type":"dynamodb_put","table":"items","item":{"id":"digits","n":%s}},'
            '{"type":"dynamodb_get","table":"items","key":{"id":"digits"}}]}' % digits)
    status, _, answer = kiln.http("POST", f"/2015-03-31/functions/{name}/invocations", body)
    assert status == 200 and digits in answer.decode()
    table = boto3.resource("dynamodb", endpoint_url=dynamodb.url, **KEYS).Table("items")
    assert table.get_item(Key={"id": "digits"}, ConsistentRead=True)["Item"]["n"] == decimal.Decimal(digits)


def test_each_failure_is_at_its_own_operation(kiln, name, backends):
    deploy(kiln, name, FUNCTION, backends, Timeout=30)
    bad = [download("none"), {**upload("k", "x"), "bucket": "no-such-bucket"}, {**get("k"), "table": "no_such_table"}, put({"without": "its key"}),
           {"type": "s3_move"}, {"type": "s3_upload", "bucket": "b"}, upload("k", 7), {"type": "dynamodb_put", "table": "items", "item": 7}]
    named = ["NoSuchKey", "NoSuchBucket", "ResourceNotFoundException", "ValidationException", "s3_move", "'key'", "'content'", "'item'"]
    results = operations(kiln, name, *bad, upload("after", "x"))
    for one, said in zip(results, named):
        assert one["success"] is False and said in one["error"], one
    assert results[-1]["success"] is True


# cached_calculation


def test_cached_calculation(kiln, name):
    deploy(kiln, name, FUNCTION)
    client = kiln.client("lambda")

    def calculate(**more):
        outcome = result(Call(kiln, name, {"action": "cached_calculation", **more}, client).ok())
        n = more.get("n", 1000)
        assert (outcome["success"], outcome["input"], outcome["result"]) == (True, n, (n - 1) * n * (2 * n - 1) // 6)
        return outcome["cached"]

    assert [calculate() for _ in range(3)] == [False, True, True]
    assert [calculate(n=n) for n in (0, 1, 3_000_000, 0, 1, 3_000_000)] == [False] * 3 + [True] * 3
    # It holds 128: what was used longest ago goes.
    for n in range(10, 10 + 125):
        assert calculate(n=n) is False
    assert calculate(n=0) is True
    assert calculate(n=1000) is False


@pytest.mark.parametrize("event", [[], 7, {}, {"action": "nope"}, {"action": 7}, {"records": {}}, {"action": "http_requests", "urls": "x"},
                                   {"action": "http_requests", "urls": ["http://x/"] * 1001}, {"action": "file_operations", "operations": {}},
                                   {"action": "cached_calculation", "n": -1}, {"action": "cached_calculation", "n": 3_000_001},
                                   {"action": "cached_calculation", "n": 1.5}, {"action": "cached_calculation", "n": "1"}], ids=range(13))
def test_what_makes_no_sense_is_400(kiln, name, event):
    deploy(kiln, name, FUNCTION)
    for cold in (True, False):
        call = Call(kiln, name, event)
        assert (call.status, call.cold, call.body["success"]) == (400, cold, False)
        assert call.body["error"]


def test_log_lines_and_level(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=192, Timeout=7)
    log = Call(kiln, name, [1]).log
    assert "memory_limit_mb=192" in log and "bad request" in log
    assert 1000 < int(log.split("remaining_time_ms=")[1].split()[0]) <= 7000
    kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"LOG_LEVEL": "ERROR"}})
    log = Call(kiln, name, [1]).log
    assert "memory_limit_mb" not in log and "bad request" not in log


def test_a_wrong_configuration_is_named_by_what_needs_it(kiln, name):
    deploy(kiln, name, FUNCTION, {"TIMEOUT_SECONDS": "soon"})
    assert result(Call(kiln, name, {"action": "cached_calculation"}).ok())["success"] is True
    call = Call(kiln, name, {"action": "http_requests", "urls": ["http://127.0.0.1:1/"]})
    assert call.status == 500 and "TIMEOUT_SECONDS is 'soon'" in call.body["error"] and "request failed" in call.log


def test_the_python_twin_answers_the_same(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=512)
    deploy_twin(kiln, name + "py", FUNCTION, MemorySize=512, Timeout=30)
    data = [{"id": i, "name": f"user {i % 7}", "score": i * 0.3} for i in range(1000)]
    mine, theirs = (Call(kiln, each, {"action": "data_analysis", "records": data}).ok()["result"]["analysis"] for each in (name, name + "py"))
    assert mine["categorical_summary"] == theirs["categorical_summary"]
    for column, summary in theirs["numeric_summary"].items():
        for key, value in summary.items():
            assert mine["numeric_summary"][column][key] == pytest.approx(value, rel=1e-12)
    assert all(Call(kiln, each, {"action": "nope"}).status == 400 for each in (name, name + "py"))
