"""Function URLs: configured with boto3 and the AWS CLI, called over plain HTTP."""

import base64
import json
import re
import subprocess
import urllib.parse

import pytest
from botocore.exceptions import ClientError

from harness import code_of, message_of

# Answers its event, or what the request's body says.
CODE = {"index.py": """
import json, os
def handler(event, context):
    body = event.get("body") or ""
    if event["isBase64Encoded"]:
        return event
    command = json.loads(body) if body.startswith("{") else {}
    if "raise" in command:
        raise ValueError(command["raise"])
    if "exit" in command:
        os._exit(command["exit"])
    return command.get("answer", event)
"""}


SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00"
}


def ask(kiln, url, method="GET", path="/", body=None, headers=None):
    """The request that a client would send that resolves the name: here, names below localhost may be unknown."""
    host = urllib.parse.urlsplit(url).netloc
    return kiln.http(method, path, body, {"Host": host, **(headers or {})})


def answer_of(kiln, url, answer):
    return ask(kiln, url, "POST", body=json.dumps({"answer": answer}), headers={"Content-Type": "application/json"})


@pytest.fixture
def url(kiln, name):
    kiln.create(name, CODE)
    return kiln.client("lambda").create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]


def test_life_of_a_url(kiln, name):
    api = kiln.client("lambda")
    kiln.create(name, CODE, Publish=True)
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    created = api.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch(rf"http://[a-z0-9]{{32}}\.lambda-url\.us-east-1\.localhost:{kiln.port}/", created["FunctionUrl"])
    live = api.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM")
    assert api.get_function_url_config(FunctionName=name)["FunctionUrl"] == created["FunctionUrl"]
    assert api.get_function_url_config(FunctionName=name, Qualifier="live")["FunctionArn"].endswith(":live")
    pages = api.get_paginator("list_function_url_configs").paginate(FunctionName=name, PaginationConfig={"PageSize": 1})
    assert [one["FunctionUrl"] for page in pages for one in page["FunctionUrlConfigs"]] == [created["FunctionUrl"], live["FunctionUrl"]]
    updated = api.update_function_url_config(FunctionName=name, AuthType="AWS_IAM", Cors={"AllowOrigins": ["*"]})
    assert updated["AuthType"] == "AWS_IAM" and updated["Cors"] == {"AllowOrigins": ["*"]}
    for address in (created["FunctionUrl"], live["FunctionUrl"]):
        assert ask(kiln, address, headers=SIGNED)[0] == 200
        status, headers, body = ask(kiln, address)
        assert status == 403 and b"urls-auth.html" in body, "nobody signed it"
    api.delete_function_url_config(FunctionName=name)
    assert ask(kiln, created["FunctionUrl"], headers=SIGNED)[0] == 403 and ask(kiln, live["FunctionUrl"], headers=SIGNED)[0] == 200
    api.delete_alias(FunctionName=name, Name="live")
    status, headers, body = ask(kiln, live["FunctionUrl"], headers=SIGNED)
    assert status == 403 and json.loads(body)["Message"].startswith("Forbidden."), "the URL stays, its alias is gone"
    api.delete_function(FunctionName=name)
    status, headers, body = ask(kiln, live["FunctionUrl"], headers=SIGNED)
    assert (status, body) == (403, b'{"Message":null}')
    assert {key.lower(): value for key, value in headers.items()}["x-amzn-errortype"] == "AccessDeniedException"
    with pytest.raises(ClientError) as error:
        api.get_function_url_config(FunctionName=name, Qualifier="live")
    assert code_of(error) == "ResourceNotFoundException"


def test_the_aws_cli_makes_a_url_and_curl_calls_it(kiln, name):
    kiln.create(name, CODE)
    made = json.loads(kiln.aws(
        "lambda", "create-function-url-config", "--function-name", name, "--auth-type", "NONE", "--cors", "AllowOrigins=*,AllowMethods=GET").stdout)
    assert made["Cors"] == {"AllowOrigins": ["*"], "AllowMethods": ["GET"]}
    got = json.loads(kiln.aws("lambda", "get-function-url-config", "--function-name", name).stdout)
    assert got["FunctionUrl"] == made["FunctionUrl"]
    # curl takes names below localhost for this machine's.
    done = subprocess.run(["curl", "-s", made["FunctionUrl"] + "a/b?c=d"], capture_output=True, text=True, timeout=60)
    event = json.loads(done.stdout)
    assert event["rawPath"] == "/a/b" and event["queryStringParameters"] == {"c": "d"}
    kiln.aws("lambda", "delete-function-url-config", "--function-name", name)


def test_the_event_is_payload_format_2(kiln, url):
    status, headers, body = ask(
        kiln, url, "PUT", "/p%20a/th?x=1&y=a%26b&x=2", b'{"a": "\xc3\xa9"}',
        {"Content-Type": "application/json; charset=utf-8", "Cookie": "a=1; b=2", "User-Agent": "tester", "X-Own": "Value"},
    )
    assert status == 200 and headers["Content-Type"] == "application/json"
    event = json.loads(body)
    host = urllib.parse.urlsplit(url).hostname
    assert event["version"] == "2.0" and event["routeKey"] == "$default"
    assert event["rawPath"] == "/p%20a/th" and event["rawQueryString"] == "x=1&y=a%26b&x=2"
    assert event["queryStringParameters"] == {"x": "1,2", "y": "a&b"}
    assert event["cookies"] == ["a=1", "b=2"] and "cookie" not in event["headers"]
    assert event["headers"]["x-own"] == "Value" and event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["headers"]["x-forwarded-proto"] == "http" and event["headers"]["x-forwarded-port"] == str(kiln.port)
    assert event["body"] == '{"a": "é"}' and event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["accountId"] == "anonymous" and context["domainName"] == host and context["apiId"] == context["domainPrefix"] == host[:32]
    assert context["http"] == {"method": "PUT", "path": "/p a/th", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "tester"}
    assert context["requestId"] == headers["x-amzn-RequestId"]
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["time"]) and context["timeEpoch"] > 1.7e12


def test_binary_bodies_come_and_go_in_base64(kiln, url):
    event = json.loads(ask(kiln, url, "POST", body=b"\x00\xff", headers={"Content-Type": "image/png"})[2])
    assert event["isBase64Encoded"] is True and base64.b64decode(event["body"]) == b"\x00\xff"
    status, headers, body = answer_of(
        kiln, url, {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "AP8=", "isBase64Encoded": True})
    assert (status, headers["Content-Type"], body) == (200, "image/png", b"\x00\xff")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_reaches_the_function(kiln, url, method):
    status, headers, body = ask(kiln, url, method, "/x")
    assert status == 200
    if method == "HEAD":
        assert body == b"" and int(headers["Content-Length"]) > 0
    else:
        assert json.loads(body)["requestContext"]["http"]["method"] == method


def test_answers_in_their_forms(kiln, url):
    status, headers, body = answer_of(
        kiln, url, {"statusCode": 201, "headers": {"X-Own": "1", "Content-Type": "text/html"}, "cookies": ["a=1"], "body": "<p>"})
    assert (status, headers["X-Own"], headers["Content-Type"], headers["Set-Cookie"], body) == (201, "1", "text/html", "a=1", b"<p>")
    assert answer_of(kiln, url, "text")[::2] == (200, b"text")
    assert answer_of(kiln, url, {"a": 1})[::2] == (200, b'{"a":1}')
    assert answer_of(kiln, url, {"statusCode": 204, "body": "x"})[::2] == (204, b"")
    assert answer_of(kiln, url, {"statusCode": 404, "body": {"a": [1]}})[::2] == (404, b'{"a":[1]}')


@pytest.mark.parametrize("command", [
    {"raise": "no"}, {"exit": 1}, {"answer": {"statusCode": 99}}, {"answer": {"statusCode": "x"}},
    {"answer": {"statusCode": 200, "headers": {"a": "b\r\nc: d"}}}, {"answer": {"statusCode": 200, "body": "?", "isBase64Encoded": True}},
])
def test_what_fails_or_is_malformed_is_a_502_and_the_next_request_works(kiln, url, command):
    status, _, body = ask(kiln, url, "POST", body=json.dumps(command), headers={"Content-Type": "application/json"})
    assert (status, body) == (502, b"Internal Server Error")
    assert answer_of(kiln, url, {"statusCode": 202})[0] == 202


def test_a_deeply_nested_answer_is_a_502_and_the_engine_lives_on(kiln, name):
    kiln.create(name, {"index.mjs": "export const handler = async () => ({statusCode: 200, body: JSON.parse('['.repeat(5000) + ']'.repeat(5000))})"}, runtime="nodejs20.x")
    url = kiln.client("lambda").create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    assert ask(kiln, url)[0] == 502
    assert kiln.http("GET", "/_kiln/health")[0] == 200


def test_throttles_are_429(kiln, name, url):
    api = kiln.client("lambda")
    api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    status, headers, body = ask(kiln, url)
    assert status == 429 and headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    assert json.loads(body)["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    api.delete_function_concurrency(FunctionName=name)
    assert ask(kiln, url)[0] == 200


def test_cors_acts(kiln, name, url):
    api = kiln.client("lambda")
    api.update_function_url_config(FunctionName=name, Cors={
        "AllowOrigins": ["http://a.example"], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["x-own"],
        "ExposeHeaders": ["x-out"], "MaxAge": 60, "AllowCredentials": True})
    asking = {"Origin": "http://a.example", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-own"}
    status, headers, body = ask(kiln, url, "OPTIONS", headers=asking)
    assert (status, body) == (200, b"")
    assert headers["Access-Control-Allow-Origin"] == "http://a.example" and headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Access-Control-Allow-Methods"] == "GET,PUT" and headers["Access-Control-Allow-Headers"] == "x-own"
    assert headers["Access-Control-Max-Age"] == "60"
    assert "x-amzn-RequestId" not in headers, "the function has not run"
    _, headers, _ = ask(kiln, url, "OPTIONS", headers={**asking, "Origin": "http://b.example"})
    assert not [name for name in headers if name.lower().startswith("access-control-")]
    _, headers, _ = ask(kiln, url, headers={"Origin": "http://a.example"})
    assert headers["Access-Control-Allow-Origin"] == "http://a.example" and headers["Access-Control-Expose-Headers"] == "x-out"
    # Without a configuration the function answers for itself.
    api.update_function_url_config(FunctionName=name, Cors={})
    status, headers, body = ask(kiln, url, "OPTIONS", headers=asking)
    assert json.loads(body)["requestContext"]["http"]["method"] == "OPTIONS" and "Access-Control-Allow-Origin" not in headers


def test_hosts_that_are_nobodys(kiln, url):
    host = urllib.parse.urlsplit(url).netloc
    for other in [host.replace("us-east-1", "eu-west-1"), "x" * 32 + host[32:], host.replace("localhost", "local_host")]:
        status, _, body = kiln.http("GET", "/", headers={"Host": other})
        assert (status, body) == (403, b'{"Message":null}'), other
    # Any name that begins as AWS's does, in any case.
    for same in [host.upper(), host.split(":")[0], host.replace("localhost", "on.aws"), host.replace("localhost", "kiln.internal")]:
        assert kiln.http("GET", "/2015-03-31/functions", headers={"Host": same})[0] == 200, same


def test_bodies_on_both_sides_of_the_limit(kiln, name, url):
    api = kiln.client("lambda")
    # With the share of a processor that 128 MB have, large events take seconds on some machines.
    api.update_function_configuration(FunctionName=name, MemorySize=1769, Timeout=60)
    api.get_waiter("function_updated_v2").wait(FunctionName=name)
    text = {"Content-Type": "text/plain"}
    # 6,291,556 bytes are the event's limit: what is around the body takes some of it.
    assert ask(kiln, url, "POST", body=b"x" * 6_291_557, headers=text)[0] == 413
    assert ask(kiln, url, "POST", body=b"x" * 6_291_556, headers=text)[0] == 413
    assert ask(kiln, url, "POST", body=b"\xff" * 4_800_000, headers=text)[0] == 413, "in base64 it is larger"
    status, _, body = ask(kiln, url, "POST", body=b"\xff" * 4_000_000)
    assert status == 200 and len(json.loads(body)["body"]) == 5_333_336


def test_an_alias_url_follows_its_alias(kiln, name):
    api = kiln.client("lambda")
    code = "def handler(event, context):\n    return context.function_version\n"
    kiln.create(name, {"index.py": code}, Publish=True)
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    url = api.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")["FunctionUrl"]
    assert ask(kiln, url)[2] == b"1"
    api.update_function_configuration(FunctionName=name, Description="x")
    api.publish_version(FunctionName=name)
    api.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert ask(kiln, url)[2] == b"2"


def test_urls_survive_kill_9(own_kiln):
    kiln = own_kiln()
    kiln.create("f", CODE)
    api = kiln.client("lambda")
    cors = {"AllowOrigins": ["*"], "MaxAge": 5}
    before = api.create_function_url_config(FunctionName="f", AuthType="NONE", Cors=cors)
    kiln.kill()
    again = own_kiln()
    after = again.client("lambda").get_function_url_config(FunctionName="f")
    assert after["Cors"] == cors and after["CreationTime"] == before["CreationTime"]
    assert after["FunctionUrl"].split(".")[0] == before["FunctionUrl"].split(".")[0], "the id stays; the port may be another"
    assert ask(again, after["FunctionUrl"], headers={"Origin": "http://a"})[1]["Access-Control-Allow-Origin"] == "*"


def test_a_streaming_handler_answers_when_it_is_done(kiln, name):
    code = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, {statusCode: 202, headers: {'Content-Type': 'text/plain', 'x-own': '1'}, cookies: ['a=1']});
  stream.write('one ');
  stream.write('two');
  stream.end();
});
"""
    kiln.create(name, {"index.mjs": code}, runtime="nodejs20.x")
    url = kiln.client("lambda").create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    status, headers, body = ask(kiln, url)
    assert (status, headers["Content-Type"], headers["x-own"], headers["Set-Cookie"], body) == (202, "text/plain", "1", "a=1", b"one two")
