"""Who may come in: pages of browsers, and names that point here by DNS rebinding."""

import json

import pytest
from harness import Kiln

FORM = {"Content-Type": "text/plain"}
FUNCTION = json.dumps({"FunctionName": "theirs", "Runtime": "python3.12", "Handler": "i.h", "Role": "arn:aws:iam::000000000000:role/r", "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}})


@pytest.fixture(scope="module")
def opened():
    kiln = Kiln(args=["--allow-host", "kiln", "--allow-host", "*.shop.example", "--allow-origin", "https://shop.example"])
    yield kiln
    kiln.stop()


def test_a_page_from_elsewhere_makes_no_function(kiln):
    """What any page can do without asking: a POST of text/plain."""
    status, headers, body = kiln.http("POST", "/2015-03-31/functions", FUNCTION, {**FORM, "Origin": "https://evil.example"})
    assert status == 403 and b"--allow-origin https://evil.example" in body
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert kiln.http("GET", "/2015-03-31/functions/theirs")[0] == 404
    status, headers, _ = kiln.http("OPTIONS", "/2015-03-31/functions", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    assert status == 403 and "Access-Control-Allow-Origin" not in headers


def test_a_name_that_was_made_to_point_here_reads_nothing(kiln):
    for path in ("/2015-03-31/functions", "/_kiln/status", "/metrics", "/"):
        status, _, body = kiln.http("GET", path, headers={"Host": f"evil.example:{kiln.port}"})
        assert status == 403 and b"--allow-host evil.example" in body, path


def test_a_body_of_what_may_not_come_in_is_not_taken(kiln):
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}
    status, _, body = kiln.http("PUT", "/bucket/key", b"x" * (1 << 20), {**signed, "Origin": "https://evil.example"})
    assert status == 403 and b"<Code>AccessDenied</Code>" in body


def test_nobody_else_sets_the_tags_of_stacks(kiln):
    """Kiln's own stacks say by a header that a request is theirs."""
    for key in ("aws:cloudformation:stack-name", "aws:other"):
        function = json.dumps({**json.loads(FUNCTION), "Tags": {key: "theirs"}})
        status, _, body = kiln.http("POST", "/2015-03-31/functions", function, {"X-Kiln-Tags-Of": "stack"})
        assert status == 400 and b"aws:" in body, body


def test_pages_of_this_machine_may_ask_and_read(kiln):
    origin = "http://localhost:3000"
    question = {"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,x-amz-target"}
    status, headers, _ = kiln.http("OPTIONS", "/bucket/key", headers=question)
    assert status == 204 and headers["Access-Control-Allow-Origin"] == origin
    assert headers["Access-Control-Allow-Headers"] == "authorization,x-amz-target" and headers["Access-Control-Allow-Methods"] == "PUT"
    status, headers, _ = kiln.http("GET", "/2015-03-31/functions", headers={"Origin": origin})
    assert status == 200 and headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Origin" not in kiln.http("GET", "/2015-03-31/functions")[1]


def test_what_was_allowed_comes_in(opened):
    for host in ("kiln:4566", "kiln", "a.shop.example", "lambda.us-east-1.amazonaws.com", f"bucket.localhost:{opened.port}"):
        assert opened.http("GET", "/2015-03-31/functions", headers={"Host": host})[0] == 200, host
    assert opened.http("GET", "/2015-03-31/functions", headers={"Host": "shop.example"})[0] == 403
    status, headers, _ = opened.http("GET", "/2015-03-31/functions", headers={"Origin": "https://shop.example"})
    assert status == 200 and headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert opened.http("GET", "/2015-03-31/functions", headers={"Origin": "https://other.example"})[0] == 403


def test_an_image_on_a_page_deletes_nothing(kiln):
    topic = kiln.client("sns").create_topic(Name="doors")["TopicArn"]
    status, _, _ = kiln.http("GET", f"/?Action=DeleteTopic&TopicArn={topic}", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert status == 403
    assert topic in [t["TopicArn"] for t in kiln.client("sns").list_topics()["Topics"]]
