"""S3: buckets, objects, multipart uploads, as boto3, the AWS CLI and the AWS SDK for JavaScript send them."""

import base64
import concurrent.futures
import hashlib
import http.client
import re
import socket
import subprocess
import threading
import urllib.parse
import zlib

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import ROOT, code_of, message_of
from objects import SIGNED, MiB, pattern

NODE = ROOT / "tests" / "node"


def keys(answer):
    return [item["Key"] for item in answer.get("Contents", [])]


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert code_of(error) == code, error.value
    return error


# Buckets


def test_life_of_a_bucket(kiln, s3, name):
    bucket = f"life-{name}"
    s3.create_bucket(Bucket=bucket)
    assert s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1"
    assert bucket in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    s3.create_bucket(Bucket=bucket)  # as AWS allows in us-east-1
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert "not empty" in message_of(refused("BucketNotEmpty", s3.delete_bucket, Bucket=bucket))
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    assert message_of(refused("NoSuchBucket", s3.list_objects_v2, Bucket=bucket)) == "The specified bucket does not exist"
    refused("404", s3.head_bucket, Bucket=bucket)


def test_an_object_after_an_empty_one(s3, bucket):
    """The SDK waits for 100 Continue also before a body that is empty, and reads what follows wrong without it."""
    for _ in range(3):
        for body in (b"data", b""):
            s3.put_object(Bucket=bucket, Key="k", Body=body)
            assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
            s3.put_object(Bucket=bucket, Key="k", Body=body)


def test_buckets_of_other_regions(kiln, s3, name):
    west = kiln.client("s3", region="eu-west-1")
    refused("IllegalLocationConstraintException", west.create_bucket, Bucket=f"west-{name}")
    make = {"Bucket": f"west-{name}", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    west.create_bucket(**make)
    assert s3.get_bucket_location(Bucket=f"west-{name}")["LocationConstraint"] == "eu-west-1"
    refused("BucketAlreadyOwnedByYou", west.create_bucket, **make)
    refused("InvalidLocationConstraint", s3.create_bucket, Bucket=f"east-{name}", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})


@pytest.mark.parametrize("bad", ["ab", "a" * 64, "Upper", "under_score", "-start", "end-", "a..b", "192.168.0.1"])
def test_bucket_names(kiln, bad):
    status, _, body = kiln.http("PUT", f"/{bad}", headers=SIGNED)
    assert status == 400 and b"<Code>InvalidBucketName</Code>" in body


def test_the_bucket_of_cdk_assets_is_there(own_kiln):
    kiln = own_kiln()
    s3 = kiln.client("s3")
    assert s3.list_buckets()["Buckets"] == []
    bucket = "cdk-hnb659fds-assets-000000000000-eu-north-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-north-1"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    s3.put_object(Bucket=bucket, Key="asset.zip", Body=b"x")
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [bucket]
    for other in ("cdk-hnb659fds-assets-111111111111-eu-north-1", "cdk-hnb659fds-assets-000000000000-", "cdk-other-assets-000000000000-eu-north-1"):
        assert kiln.http("HEAD", f"/{other}", headers=SIGNED)[0] == 404


def test_what_buckets_are_given_to_keep(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    refused("MalformedXML", s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "enabled"})
    refused("IllegalVersioningConfigurationException", s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={})

    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0] == rule
    s3.delete_bucket_encryption(Bucket=bucket)
    refused("MalformedXML", s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": []})
    refused("MalformedXML", s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule, rule]})
    aes = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "k"}}
    refused("InvalidArgument", s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [aes]})

    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy='{"Statement": []}')
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == '{"Statement": []}'
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy="{}")
    refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy="no json")
    s3.delete_bucket_policy(Bucket=bucket)
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket)

    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": False})
    assert not any(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    s3.delete_public_access_block(Bucket=bucket)
    gone = refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket=bucket)
    assert gone.value.response["Error"]["BucketName"] == bucket

    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a=b", "Value": "c @d"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a=b", "Value": "c @d"}]
    refused("InvalidTag", s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": [{"Key": "a&b", "Value": "<c>"}]})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)

    for rules in ([], [{"ObjectOwnership": "Mine"}], [{"ObjectOwnership": "ObjectWriter"}] * 2):
        refused("MalformedXML", s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls={"Rules": rules})
    refused("NoSuchBucket", s3.put_bucket_encryption, Bucket=bucket + "-not", ServerSideEncryptionConfiguration={"Rules": []})

    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    rules = [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 1}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.delete_bucket_lifecycle(Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    refused("NotImplemented", s3.get_bucket_replication, Bucket=bucket)
    refused("AccessControlListNotSupported", s3.put_bucket_acl, Bucket=bucket, ACL="public-read")


def test_pages_of_buckets(kiln, s3, name):
    for each in "abc":
        s3.create_bucket(Bucket=f"{name}-{each}", ObjectOwnership="BucketOwnerPreferred")

    def listed(query):
        status, _, body = kiln.http("GET", f"/?prefix={name}-&{query}", headers=SIGNED)
        text = body.decode()
        token = re.search("<ContinuationToken>(.*?)</ContinuationToken>", text)
        message = re.search("<Message>(.*?)</Message>", text)
        return re.findall("<Name>(.*?)</Name>", text), token and token[1], message and message[1]

    names, token, _ = listed("max-buckets=2")
    assert names == [f"{name}-a", f"{name}-b"]
    assert listed(f"max-buckets=2&continuation-token={urllib.parse.quote(token)}") == ([f"{name}-c"], None, None)
    assert listed("bucket-region=us-west-2")[0] == []
    assert len(listed("bucket-region=us-east-1")[0]) == 3
    assert listed("bucket-region=eu-east-1")[2] == "Argument value eu-east-1 is not a valid AWS Region"

    rules = s3.get_bucket_ownership_controls(Bucket=f"{name}-a")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    error = refused("InvalidArgument", s3.create_bucket, Bucket=f"{name}-d", ObjectOwnership="RandomValue")
    assert message_of(error) == "Invalid x-amz-object-ownership header: RandomValue"


def test_versions_that_there_are_not(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"v"
    other = {"Bucket": bucket, "Key": "k", "VersionId": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"}
    for call in (s3.get_object, s3.delete_object):
        assert message_of(refused("InvalidArgument", call, **other)) == "Invalid version id specified"
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": other["VersionId"]}]})
    assert "Deleted" not in gone and gone["Errors"][0]["Code"] == "NoSuchVersion"
    assert s3.list_object_versions(Bucket=bucket)["VersionIdMarker"] == ""
    refused("InvalidArgument", s3.delete_object, Bucket=bucket, Key="k", BypassGovernanceRetention=True)


# Objects


def test_life_of_an_object(s3, bucket):
    body = bytes(range(256)) * 40
    put = s3.put_object(Bucket=bucket, Key="a/b c.bin", Body=body, ContentType="text/x", CacheControl="no-cache", Metadata={"who": "me"})
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    assert put["ETag"] == etag and put["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="a/b c.bin")
    assert got["Body"].read() == body
    for answer in (got, s3.head_object(Bucket=bucket, Key="a/b c.bin")):
        assert (answer["ETag"], answer["ContentLength"], answer["ContentType"]) == (etag, len(body), "text/x")
        assert (answer["CacheControl"], answer["Metadata"]) == ("no-cache", {"who": "me"})
    s3.put_object(Bucket=bucket, Key="a/b c.bin", Body=b"new")
    assert s3.get_object(Bucket=bucket, Key="a/b c.bin")["Body"].read() == b"new"
    s3.delete_object(Bucket=bucket, Key="a/b c.bin")
    s3.delete_object(Bucket=bucket, Key="a/b c.bin")
    assert message_of(refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="a/b c.bin")) == "The specified key does not exist."
    refused("404", s3.head_object, Bucket=bucket, Key="a/b c.bin")
    refused("NoSuchBucket", s3.put_object, Bucket="no-such-bucket", Key="k", Body=b"x")


@pytest.mark.parametrize("header, content", [
    ("bytes=0-0", b"0"), ("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-3", b"789"), ("bytes=-99", b"0123456789"), ("bytes=5-999", b"56789"),
])
def test_ranges(s3, bucket, header, content):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=header)
    assert got["Body"].read() == content and got["ResponseMetadata"]["HTTPStatusCode"] == 206
    start = b"0123456789".index(content)
    assert got["ContentRange"] == f"bytes {start}-{start + len(content) - 1}/10"
    refused("InvalidRange", s3.get_object, Bucket=bucket, Key="k", Range="bytes=10-")


def test_conditions(kiln, s3, bucket):
    where = {"Bucket": bucket, "Key": "k"}

    def put(body, key="k", **headers):
        return put_raw(kiln, f"/{bucket}/{key}", body, {name.replace("_", "-"): value for name, value in headers.items()})

    assert put(b"1", If_None_Match="*") == (200, "")
    assert put(b"2", If_None_Match="*") == (412, "PreconditionFailed")
    etag = s3.head_object(**where)["ETag"]
    assert put(b"2", If_Match='"0"') == (412, "PreconditionFailed")
    assert put(b"2", key="other", If_Match=etag) == (404, "NoSuchKey")
    assert put(b"2", If_Match=etag) == (200, "")
    after = s3.get_object(**where, IfNoneMatch=etag)
    assert after["Body"].read() == b"2"
    refused("304", s3.get_object, **where, IfNoneMatch=after["ETag"])
    refused("PreconditionFailed", s3.get_object, **where, IfMatch=etag)
    refused("304", s3.get_object, **where, IfModifiedSince=after["LastModified"])
    refused("PreconditionFailed", s3.get_object, **where, IfUnmodifiedSince="1999-01-01")


def test_copies(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from ü", Body=b"content", ContentType="text/x", Metadata={"a": "1"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from ü"})
    got = s3.get_object(Bucket=bucket, Key="to")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"content", "text/x", {"a": "1"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "to"}, MetadataDirective="REPLACE", Metadata={"b": "2"})
    got = s3.get_object(Bucket=bucket, Key="to")
    assert (got["Body"].read(), got["Metadata"]) == (b"content", {"b": "2"})
    refused("InvalidRequest", s3.copy_object, Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "to"})
    # What is missing is named, also by its parts.
    upload = {"UploadId": s3.create_multipart_upload(Bucket=bucket, Key="to")["UploadId"], "PartNumber": 1}
    for copy, more in ((s3.copy_object, {}), (s3.upload_part_copy, upload)):
        missing = refused("NoSuchKey", copy, Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "nope"}, **more)
        assert missing.value.response["Error"]["Key"] == "nope"
        missing = refused("NoSuchBucket", copy, Bucket=bucket, Key="to", CopySource={"Bucket": f"no-{bucket}", "Key": "nope"}, **more)
        assert missing.value.response["Error"]["BucketName"] == f"no-{bucket}"
    assert {each["LastModified"].microsecond for each in s3.list_objects_v2(Bucket=bucket)["Contents"]} == {0}


def test_lists(s3, bucket):
    names = ["a", "a/1", "a/2", "b/x/1", "b/y", "c", "ü", "z&<>"]
    for each in names:
        s3.put_object(Bucket=bucket, Key=each, Body=each.encode())
    assert keys(s3.list_objects_v2(Bucket=bucket)) == sorted(names, key=str.encode)
    assert keys(s3.list_objects(Bucket=bucket, Prefix="a/")) == ["a/1", "a/2"]
    for call in (s3.list_objects, s3.list_objects_v2):
        answer = call(Bucket=bucket, Delimiter="/")
        assert keys(answer) == ["a", "c", "z&<>", "ü"]
        assert [p["Prefix"] for p in answer["CommonPrefixes"]] == ["a/", "b/"]
    answer = s3.list_objects_v2(Bucket=bucket, Prefix="b/", Delimiter="/")
    assert (keys(answer), [p["Prefix"] for p in answer["CommonPrefixes"]]) == (["b/y"], ["b/x/"])
    for size in (1, 2, 3, 100):
        for operation in ("list_objects", "list_objects_v2"):
            pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": size}))
            assert [k for page in pages for k in keys(page)] == sorted(names, key=str.encode), (operation, size)
            pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}))
            assert [p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])] == ["a/", "b/"], (operation, size)
            assert [k for page in pages for k in keys(page)] == ["a", "c", "z&<>", "ü"]
    assert keys(s3.list_objects_v2(Bucket=bucket, StartAfter="b/y")) == ["c", "z&<>", "ü"]
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (answer["KeyCount"], answer["IsTruncated"]) == (0, False)
    refused("InvalidArgument", s3.list_objects_v2, Bucket=bucket, MaxKeys=-1)
    assert [v["Key"] for v in s3.list_object_versions(Bucket=bucket, Prefix="b/")["Versions"]] == ["b/x/1", "b/y"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in [*names, "never"]]})
    assert {d["Key"] for d in answer["Deleted"]} == {*names, "never"}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_more_keys_than_a_list_holds(s3, bucket):
    connection_keys = [f"k{i:04}" for i in range(1001)]
    for each in connection_keys:
        s3.put_object(Bucket=bucket, Key=each, Body=b"")
    first = s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert (first["KeyCount"], first["IsTruncated"], first["MaxKeys"]) == (1000, True, 1000)
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert (keys(rest), rest["IsTruncated"]) == (["k1000"], False)
    objects = [{"Key": k} for k in connection_keys]
    refused("MalformedXML", s3.delete_objects, Bucket=bucket, Delete={"Objects": objects})
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": objects[:1000]})["Deleted"]) == 1000


HOSTILE = ["../../etc/passwd", "..", ".", "/", "//", "/a", "a//b", "a/", "a/../b", "%2e%2e%2f", "nul\0in", "line\nend\r", "\x7f", "ä/ö", "a?b#c", "+ &", "x" * 1024, "'; DROP TABLE objects; --"]


def test_hostile_keys(own_kiln, tmp_path):
    kiln = own_kiln()
    s3 = kiln.client("s3")
    s3.create_bucket(Bucket="bucket")
    for each in HOSTILE:
        path = "/bucket/" + urllib.parse.quote(each, safe="")
        assert kiln.http("PUT", path, each.encode(), SIGNED)[0] == 200, each
    for each in HOSTILE:
        path = "/bucket/" + urllib.parse.quote(each, safe="")
        assert kiln.http("GET", path, headers=SIGNED)[2] == each.encode(), each
    assert keys(s3.list_objects_v2(Bucket="bucket")) == sorted(HOSTILE, key=str.encode)
    # Nothing of a key is in a file's name, and nothing lies outside the folder of objects.
    names = [p.name for p in (tmp_path / "data" / "objects").rglob("*") if p.is_file() and not p.name.startswith("objects.db")]
    assert len(names) == len(HOSTILE) and all(re.fullmatch("[0-9a-f]{32}", n) for n in names)
    status, _, body = kiln.http("PUT", "/bucket/" + "x" * 1025, b"", SIGNED)
    assert status == 400 and b"<Code>KeyTooLongError</Code>" in body
    for each in HOSTILE:
        assert kiln.http("DELETE", "/bucket/" + urllib.parse.quote(each, safe=""), headers=SIGNED)[0] == 204
    assert s3.list_objects_v2(Bucket="bucket")["KeyCount"] == 0


def test_metadata_limit_on_both_sides(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2047})
    refused("MetadataTooLarge", s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})


def test_answers_headers_cannot_be_forged(kiln, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    path = f"/{bucket}/k?response-content-type=" + urllib.parse.quote("text/x\r\nX-Forged: yes")
    status, headers, _ = kiln.http("GET", path, headers=SIGNED)
    assert status == 200 and "X-Forged" not in headers and headers["Content-Type"] == "text/xX-Forged: yes"


# How bodies come


def put_raw(kiln, path, body, headers):
    status, _, answer = kiln.http("PUT", path, body, {**SIGNED, **headers})
    code = re.search(rb"<Code>(\w+)</Code>", answer)
    return status, code[1].decode() if code else ""


def b64(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("headers, code", [
    ({"Content-MD5": b64(hashlib.md5(b"hello").digest())}, ""),
    ({"Content-MD5": b64(hashlib.md5(b"other").digest())}, "BadDigest"),
    ({"Content-MD5": "nonsense"}, "InvalidDigest"),
    ({"x-amz-checksum-crc32": b64(zlib.crc32(b"hello").to_bytes(4, "big"))}, ""),
    ({"x-amz-checksum-crc32": b64(zlib.crc32(b"other").to_bytes(4, "big"))}, "BadDigest"),
    ({"x-amz-checksum-crc32": "nonsense"}, "InvalidRequest"),
    ({"x-amz-checksum-crc32c": "mnG7TA=="}, ""),
    ({"x-amz-checksum-crc32c": "mnG7TQ=="}, "BadDigest"),
    ({"x-amz-checksum-crc64nvme": "M3eFcAZSQlc="}, ""),
    ({"x-amz-checksum-sha1": b64(hashlib.sha1(b"hello").digest())}, ""),
    ({"x-amz-checksum-sha256": b64(hashlib.sha256(b"hello").digest())}, ""),
    ({"x-amz-checksum-sha256": b64(hashlib.sha256(b"other").digest())}, "BadDigest"),
    ({"x-amz-checksum-sha1": "a", "x-amz-checksum-sha256": "b"}, "InvalidRequest"),
    ({"x-amz-content-sha256": hashlib.sha256(b"hello").hexdigest()}, ""),
    ({"x-amz-content-sha256": hashlib.sha256(b"other").hexdigest()}, "XAmzContentSHA256Mismatch"),
    ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, ""),
])
def test_checksums(kiln, s3, bucket, headers, code):
    assert put_raw(kiln, f"/{bucket}/k", b"hello", headers) == (400 if code else 200, code)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == (0 if code else 1)


CRC = b64(zlib.crc32(b"hello world").to_bytes(4, "big"))
STREAMED = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked", "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": "11"}


@pytest.mark.parametrize("body, code", [
    (f"b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:{CRC}\r\n\r\n", ""),
    (f"6;chunk-signature=0\r\nhello \r\n5;chunk-signature=1\r\nworld\r\n0;chunk-signature=2\r\nx-amz-checksum-crc32:{CRC}\r\nx-amz-trailer-signature:3\r\n\r\n", ""),
    ("b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "BadDigest"),
    ("b\r\nhello world\r\n0\r\n\r\n", "MalformedTrailerError"),
    ("b\r\nhello world\r\n", "IncompleteBody"),
    (f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{CRC}\r\n\r\n", "IncompleteBody"),
    ("5\r\nhello world\r\n0\r\n\r\n", "IncompleteBody"),
    ("xyz\r\nhello world\r\n0\r\n\r\n", "IncompleteBody"),
])
def test_aws_chunked(kiln, s3, bucket, body, code):
    assert put_raw(kiln, f"/{bucket}/k", body.encode(), STREAMED) == (400 if code else 200, code)
    if not code:
        got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert got["Body"].read() == b"hello world" and "ContentEncoding" not in got
        assert got["ResponseMetadata"]["HTTPHeaders"]["x-amz-checksum-crc32"] == CRC


def test_expect_100_continue_and_chunked_transfer(kiln, s3, bucket):
    with socket.create_connection(("127.0.0.1", kiln.port), timeout=20) as line:
        head = f"PUT /{bucket}/k HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SIGNED['Authorization']}\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"5\r\nhello\r\n0\r\n\r\n")
        assert line.recv(10_000).startswith(b"HTTP/1.1 200")
        # The connection serves on.
        line.sendall(f"GET /{bucket}/k HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SIGNED['Authorization']}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"hello"):
            answer += line.recv(10_000)
        assert answer.startswith(b"HTTP/1.1 200") and b"Content-Length: 5\r\n" in answer


def test_a_body_that_is_too_large_is_refused_before_it_comes(kiln, bucket):
    headers = {**SIGNED, "Content-Length": str(7 << 30)}
    connection = http.client.HTTPConnection("127.0.0.1", kiln.port, timeout=20)
    connection.putrequest("PUT", f"/{bucket}/k")
    for header in headers.items():
        connection.putheader(*header)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 400 and b"<Code>EntityTooLarge</Code>" in answer.read()
    connection.close()
    status, _, body = kiln.http("POST", f"/{bucket}?delete", b"x" * (4 * MiB + 1), SIGNED)
    assert status == 400 and b"MaxMessageLengthExceeded" in body
    assert kiln.http("POST", f"/{bucket}?delete", b"x" * 4 * MiB, SIGNED)[2].count(b"<Code>InvalidRequest</Code>") == 1


def test_virtual_host_style_and_addresses_without_a_signature(kiln, s3, bucket):
    for host in (f"{bucket}.localhost:{kiln.port}", f"{bucket}.s3.us-east-1.amazonaws.com", f"{bucket}.s3.localhost"):
        assert kiln.http("PUT", "/a/b%20c", host.encode(), {**SIGNED, "Host": host})[0] == 200
        assert kiln.http("GET", f"/{bucket}/a/b%20c", headers=SIGNED)[2] == host.encode()
        assert b"<Key>a/b c</Key>" in kiln.http("GET", "/?list-type=2", headers={**SIGNED, "Host": host})[2]
    assert kiln.http("GET", f"/{bucket}/a/b%20c")[0] == 200
    assert kiln.http("GET", "/no-such-bucket/k")[0] == 404
    assert b"Kiln has no operation for GET /no-such-bucket/k" in kiln.http("GET", "/no-such-bucket/k")[2]
    # A host that is S3's alone says so itself.
    for host, path in (("no-such-bucket.s3.us-east-1.amazonaws.com", "/k"), ("no-such-bucket.s3.localhost", "/k"), ("s3.localhost", "/no-such-bucket/k")):
        status, _, body = kiln.http("GET", path, headers={"Host": host})
        assert status == 404 and b"<Code>NoSuchBucket</Code>" in body, host
    for version in ("s3", "s3v4"):
        signer = boto3.client("s3", endpoint_url=kiln.url, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t", config=Config(signature_version=version))
        url = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": version})
        assert kiln.http("PUT", url.split(str(kiln.port), 1)[1], b"presigned")[0] == 200
        url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": version})
        assert kiln.http("GET", url.split(str(kiln.port), 1)[1])[2] == b"presigned"


# Multipart


def test_multipart_upload(s3, bucket):
    parts = [pattern(5 * MiB, 1), pattern(5 * MiB, 2), b"end"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m", ContentType="text/x", Metadata={"a": "b"})["UploadId"]
    where = {"Bucket": bucket, "Key": "m", "UploadId": upload}
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["m"]
    s3.upload_part(**where, PartNumber=2, Body=b"to be replaced")
    done = [{"PartNumber": n, "ETag": s3.upload_part(**where, PartNumber=n, Body=body)["ETag"]} for n, body in enumerate(parts, 1)]
    listed = s3.list_parts(**where, MaxParts=2)
    assert [(p["PartNumber"], p["Size"]) for p in listed["Parts"]] == [(1, 5 * MiB), (2, 5 * MiB)] and listed["IsTruncated"]
    assert [p["PartNumber"] for p in s3.list_parts(**where, PartNumberMarker=2)["Parts"]] == [3]
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="m")
    refused("InvalidPartOrder", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": done[::-1]})
    refused("InvalidPart", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": [*done, {"PartNumber": 4, "ETag": '"0"'}]})
    refused("InvalidPart", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": done[1]["ETag"]}]})
    refused("EntityTooSmall", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": [*done[:0], done[2], {"PartNumber": 4, "ETag": s3.upload_part(**where, PartNumber=4, Body=b"4")["ETag"]}]})
    answer = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done})
    digests = b"".join(hashlib.md5(p).digest() for p in parts)
    assert answer["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="m")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"], got["ETag"]) == (b"".join(parts), "text/x", {"a": "b"}, answer["ETag"])
    refused("NoSuchUpload", s3.upload_part, **where, PartNumber=1, Body=b"x")
    # A client that got no answer asks again.
    s3.put_object_tagging(Bucket=bucket, Key="m", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    again = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done})
    assert {**again, "ResponseMetadata": answer["ResponseMetadata"]} == answer
    refused("NoSuchUpload", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": done[:2]})
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "m"})
    refused("NoSuchUpload", s3.complete_multipart_upload, **{**where, "Key": "copy"}, MultipartUpload={"Parts": done})
    s3.put_object(Bucket=bucket, Key="m", Body=b"another")
    refused("NoSuchUpload", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": done})


def test_who_completes_an_upload_while_another_does_gets_the_same_answer(s3, bucket):
    parts = [pattern(5 * MiB, number) for number in range(4)]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    where = {"Bucket": bucket, "Key": "m", "UploadId": upload}
    done = [{"PartNumber": n, "ETag": s3.upload_part(**where, PartNumber=n, Body=body)["ETag"]} for n, body in enumerate(parts, 1)]
    together = threading.Barrier(8)

    def complete(_):
        together.wait(60)
        return s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(complete, range(8)))
    assert {answer["ETag"] for answer in answers} == {s3.head_object(Bucket=bucket, Key="m")["ETag"]}
    assert s3.get_object(Bucket=bucket, Key="m")["Body"].read() == b"".join(parts)
    refused("NoSuchUpload", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": done[:2]})


def test_part_numbers_on_both_sides_and_abort(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    where = {"Bucket": bucket, "Key": "m", "UploadId": upload}
    for number in (1, 10_000):
        s3.upload_part(**where, PartNumber=number, Body=b"x")
    for number in (0, 10_001, -1):
        refused("InvalidArgument", s3.upload_part, **where, PartNumber=number, Body=b"x")
    refused("NoSuchUpload", s3.upload_part, **{**where, "Key": "other"}, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(**where)
    refused("NoSuchUpload", s3.list_parts, **where)
    refused("NoSuchUpload", s3.abort_multipart_upload, **where)


def test_parts_that_are_copied(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=pattern(6 * MiB))
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    where = {"Bucket": bucket, "Key": "m", "UploadId": upload}
    source = {"Bucket": bucket, "Key": "source"}
    one = s3.upload_part_copy(**where, PartNumber=1, CopySource=source)["CopyPartResult"]["ETag"]
    two = s3.upload_part_copy(**where, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19")["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": one}, {"PartNumber": 2, "ETag": two}]})
    assert s3.get_object(Bucket=bucket, Key="m")["Body"].read() == pattern(6 * MiB) + pattern(6 * MiB)[10:20]


def test_many_at_once(s3, kiln, bucket):
    errors = []

    def work(i):
        client = kiln.client("s3")
        for j in range(10):
            body = pattern(200_000, f"{i}-{j}")
            client.put_object(Bucket=bucket, Key=f"{i}", Body=body)
            if client.get_object(Bucket=bucket, Key=f"{i}")["Body"].read() != body:
                errors.append((i, j))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == [] and s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 8


# Command line and JavaScript


def test_the_aws_cli(kiln, bucket, tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a.txt").write_text("a")
    (source / "sub" / "b c.txt").write_text("b")
    (source / "large.bin").write_bytes(pattern(20 * MiB))
    kiln.aws("s3", "sync", str(source), f"s3://{bucket}/tree")
    listing = kiln.aws("s3", "ls", "--recursive", f"s3://{bucket}/tree/").stdout
    assert [line.split(None, 3)[3] for line in listing.splitlines()] == ["tree/a.txt", "tree/large.bin", "tree/sub/b c.txt"]
    assert "PRE sub/" in kiln.aws("s3", "ls", f"s3://{bucket}/tree/").stdout
    assert kiln.aws("s3", "sync", str(source), f"s3://{bucket}/tree").stdout == ""
    kiln.aws("s3", "sync", f"s3://{bucket}/tree", str(tmp_path / "back"))
    for file in ("a.txt", "sub/b c.txt", "large.bin"):
        assert (tmp_path / "back" / file).read_bytes() == (source / file).read_bytes()
    kiln.aws("s3", "cp", f"s3://{bucket}/tree/large.bin", f"s3://{bucket}/copy.bin")
    kiln.aws("s3", "mv", f"s3://{bucket}/copy.bin", f"s3://{bucket}/moved.bin")
    kiln.aws("s3", "rm", f"s3://{bucket}/tree", "--recursive")
    assert [line.split()[3] for line in kiln.aws("s3", "ls", f"s3://{bucket}").stdout.splitlines()] == ["moved.bin"]
    kiln.aws("s3", "rb", f"s3://{bucket}", "--force")
    assert bucket not in kiln.aws("s3", "ls").stdout


def test_the_javascript_sdk(kiln, bucket):
    done = subprocess.run(["node", str(NODE / "objects.mjs"), kiln.url, bucket], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
