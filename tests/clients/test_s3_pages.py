"""S3 and browsers: a bucket's CORS configuration decides, as recorded on AWS."""

import pytest
from objects import SIGNED

PAGE = "http://localhost:4200"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


@pytest.fixture
def ask(kiln, bucket):
    """Asks for a key as a page does; gives status, headers, body."""
    def send(method, key="/k", origin=PAGE, wanted="", headers=""):
        given = {"Origin": origin, "Access-Control-Request-Method": wanted, "Access-Control-Request-Headers": headers}
        status, found, body = kiln.http(method, f"/{bucket}{key}", headers={name: value for name, value in given.items() if value})
        return status, {name: value for name, value in found.items() if name.startswith("Access-Control") or name == "Vary"}, body.decode()
    return send


def allow(s3, bucket, **rule):
    rule = {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "PUT"], **rule}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})


def test_questions_that_no_configuration_answers(kiln, s3, bucket, ask):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    status, _, text = ask("OPTIONS", origin="")
    assert status == 400 and "<Code>BadRequest</Code><Message>Insufficient information. Origin request header needed.</Message>" in text
    not_enabled = "<Code>AccessForbidden</Code><Message>CORSResponse: CORS is not enabled for this bucket.</Message><Method>{}</Method><ResourceType>BUCKET</ResourceType>"
    for wanted, named in (("PUT", "PUT"), ("", "OPTIONS")):
        status, headers, text = ask("OPTIONS", wanted=wanted)
        assert (status, headers) == (403, {}) and not_enabled.format(named) in text
    # A signed question is S3's, whatever the bucket.
    status, headers, body = kiln.http("OPTIONS", "/nowhere/k", headers={**SIGNED, "Origin": PAGE, "Access-Control-Request-Method": "PUT"})
    assert status == 403 and b"<Message>CORSResponse: Bucket not found</Message><Method>PUT</Method>" in body
    status, _, body = kiln.http("OPTIONS", "/k", headers={"Host": "no-such-bucket.s3.localhost", "Origin": PAGE, "Access-Control-Request-Method": "PUT"})
    assert status == 403 and b"<Message>CORSResponse: Bucket not found</Message><Method>PUT</Method>" in body
    assert ask("GET")[1] == {}, "the page's script can't read it"


def test_a_configuration_that_allows(s3, bucket, ask):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    allow(s3, bucket, AllowedHeaders=["x-amz-*"], ExposeHeaders=["ETag", "x-amz-id-2"], MaxAgeSeconds=3000)
    expected = {"Access-Control-Allow-Origin": PAGE, "Access-Control-Allow-Methods": "GET, PUT", "Access-Control-Max-Age": "3000",
                "Access-Control-Expose-Headers": "ETag, x-amz-id-2", "Access-Control-Allow-Credentials": "true", "Vary": VARY}
    assert ask("OPTIONS", wanted="PUT") == (200, expected, "")
    asked = ask("OPTIONS", wanted="PUT", headers="X-Amz-Date,x-amz-content-sha256")
    assert asked == (200, {**expected, "Access-Control-Allow-Headers": "x-amz-date, x-amz-content-sha256"}, "")
    assert ask("GET") == (200, expected, "x")
    # A request that says what it would ask for is read like the question.
    assert ask("GET", wanted="DELETE") == (200, {}, "x")
    assert ask("OPTIONS", key="/no/such/key", wanted="GET")[0] == 200


def test_a_configuration_that_allows_less(s3, bucket, ask):
    allow(s3, bucket, AllowedOrigins=["http://*.localhost"])
    for key, resource in (("/k", "OBJECT"), ("", "BUCKET")):
        for question in ({"wanted": "GET"}, {"wanted": "DELETE", "origin": "http://a.localhost"},
                         {"wanted": "GET", "origin": "http://a.localhost", "headers": "x-amz-date"}):
            status, headers, text = ask("OPTIONS", key=key, **question)
            assert (status, headers) == (403, {}), question
            assert "<Message>CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / " in text
            assert f"<Method>{question['wanted']}</Method><ResourceType>{resource}</ResourceType>" in text
    assert ask("OPTIONS", wanted="GET", origin="http://a.localhost")[1]["Access-Control-Allow-Origin"] == "http://a.localhost"
    allow(s3, bucket, AllowedOrigins=["*"], AllowedMethods=["GET"])
    assert ask("OPTIONS", wanted="GET") == (200, {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET", "Vary": VARY}, "")
    s3.delete_bucket_cors(Bucket=bucket)
    assert ask("OPTIONS", wanted="GET")[0] == 403


def test_pages_from_elsewhere_stay_out(s3, bucket, ask):
    allow(s3, bucket, AllowedOrigins=["*"])
    status, headers, text = ask("OPTIONS", wanted="GET", origin="https://evil.example")
    assert (status, headers) == (403, {}) and "--allow-origin https://evil.example" in text
