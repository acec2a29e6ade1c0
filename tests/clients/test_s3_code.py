"""S3: functions and layers whose code comes from there."""

import base64
import hashlib
import os

import pytest
from botocore.exceptions import ClientError
from doubles import Receiver
from harness import Kiln, code_of, message_of, zip_of
from objects import MiB

HELLO = {"index.py": "def handler(event, context):\n    return 'from s3'\n"}


def test_functions_and_layers_from_s3(kiln, s3, bucket, name):
    api = kiln.client("lambda")
    s3.put_object(Bucket=bucket, Key="code.zip", Body=zip_of(HELLO))
    kiln.create(name, code={"S3Bucket": bucket, "S3Key": "code.zip"})
    assert kiln.invoke(name)["Body"] == "from s3"
    s3.put_object(Bucket=bucket, Key="code2.zip", Body=zip_of({"index.py": "def handler(event, context):\n    return 'second'\n"}))
    api.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key="code2.zip")
    assert kiln.invoke(name)["Body"] == "second"
    layer = api.publish_layer_version(LayerName="layer-" + name, Content={"S3Bucket": bucket, "S3Key": "code.zip"})
    assert layer["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(zip_of(HELLO)).digest()).decode()


@pytest.mark.parametrize("where, text", [
    ({"S3Key": "nope"}, "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."),
    ({"S3Bucket": "no-such-bucket", "S3Key": "k"}, "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
    ({"S3Key": "code.zip", "S3ObjectVersion": "1"}, "Error occurred while GetObject. S3 Error Code: NoSuchVersion. S3 Error Message: The specified version does not exist."),
    ({"S3Key": "text"}, "Could not unzip uploaded file."),
])
def test_code_that_s3_does_not_have(kiln, s3, bucket, name, where, text):
    s3.put_object(Bucket=bucket, Key="code.zip", Body=zip_of(HELLO))
    s3.put_object(Bucket=bucket, Key="text", Body=b"no zip")
    with pytest.raises(ClientError) as error:
        kiln.create(name, code={"S3Bucket": bucket, **where})
    assert code_of(error) == "InvalidParameterValueException" and text in message_of(error)


def test_a_package_in_s3_may_be_larger_than_one_that_is_sent(kiln, s3, bucket, name):
    filling = os.urandom(51 * MiB)
    s3.put_object(Bucket=bucket, Key="large.zip", Body=zip_of({**HELLO, "filling": filling.decode("latin-1")}))
    kiln.create(name, code={"S3Bucket": bucket, "S3Key": "large.zip"}, MemorySize=512)
    assert kiln.invoke(name)["Body"] == "from s3"


def test_code_comes_from_the_server_that_s3_is_forwarded_to(name):
    def serve(method, path, headers, body):
        if path == "/bucket/a/code%20x.zip" or path == "/bucket/a%2Fcode%20x.zip":
            return 200, {}, zip_of(HELLO)
        if path == "/bucket/closed":
            return 403, {}, b"<Error><Code>AccessDenied</Code></Error>"
        return 404, {}, b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"

    other = Receiver(serve)
    kiln = Kiln(args=["--forward", f"s3={other.url}"])
    try:
        kiln.create(name, code={"S3Bucket": "bucket", "S3Key": "a/code x.zip"})
        assert kiln.invoke(name)["Body"] == "from s3"
        for key, text in (("nope", "S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."), ("closed", "--forward s3=URL")):
            with pytest.raises(ClientError) as error:
                kiln.create("other", code={"S3Bucket": "bucket", "S3Key": key})
            assert text in message_of(error)
        other.close()
        with pytest.raises(ClientError) as error:
            kiln.create("other", code={"S3Bucket": "bucket", "S3Key": "nope"})
        assert "--forward s3=URL" in message_of(error) and code_of(error) == "InvalidParameterValueException"
    finally:
        kiln.stop()
