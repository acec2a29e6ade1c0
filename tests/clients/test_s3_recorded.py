"""S3: answers as recorded on AWS, one by one: attributes, tags, owners, sizes, copies, metadata."""

import base64
import datetime
import hashlib
import re
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from harness import code_of, message_of
from objects import SIGNED


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert code_of(error) == code, error.value
    return error


def test_a_bucket_that_is_made_again_takes_no_tags(kiln, s3, name):
    def make(tags=None):
        body = tags and f"<CreateBucketConfiguration><Tags>{tags}</Tags></CreateBucketConfiguration>"
        status, _, answer = kiln.http("PUT", f"/made-{name}", body, SIGNED)
        return status, answer.decode()

    tag = "<Tag><Key>a</Key><Value>b</Value></Tag>"
    assert make(tag)[0] == make()[0] == 200
    status, text = make(tag)
    assert status == 409 and "<Code>BucketAlreadyOwnedByYou</Code>" in text and f"<BucketName>made-{name}</BucketName>" in text
    assert s3.get_bucket_tagging(Bucket=f"made-{name}")["TagSet"] == [{"Key": "a", "Value": "b"}]


@pytest.fixture
def newest(kiln, bucket):
    """Asks with headers and parameters that older SDKs don't know; gives status, headers, body."""
    def ask(method, path, body=None, headers=()):
        return kiln.http(method, f"/{bucket}{path}", body, {**SIGNED, **dict(headers)})
    return ask


def test_attributes_of_an_object(s3, bucket, newest):
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456")
    everything = {"x-amz-object-attributes": "ETag,Checksum,ObjectParts,StorageClass,ObjectSize"}
    status, headers, body = newest("GET", "/a?attributes", headers=everything)
    text = body.decode()
    assert status == 200 and headers["Last-Modified"]
    assert f"<ETag>{hashlib.md5(b'0123456').hexdigest()}</ETag>" in text
    assert "<StorageClass>STANDARD</StorageClass><ObjectSize>7</ObjectSize>" in text
    assert "ObjectParts" not in text
    assert newest("GET", "/a?attributes", headers={"x-amz-object-attributes": "ETag"})[2].count(b"<") == 5
    assert newest("GET", "/none?attributes", headers=everything)[0] == 404
    for wrong in ({}, {"x-amz-object-attributes": "Etag"}):
        status, _, body = newest("GET", "/a?attributes", headers=wrong)
        assert (status, b"InvalidArgument" in body) == (400, True)


def test_attributes_of_parts(s3, bucket, newest):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    wanted = {"x-amz-object-attributes": "ObjectParts"}
    text = newest("GET", "/m?attributes", headers=wanted)[2].decode()
    assert "<ObjectParts><PartsCount>1</PartsCount></ObjectParts>" in text
    # With a checksum for each part they are told themselves.
    body = newest("POST", "/c?uploads", headers={"x-amz-checksum-algorithm": "SHA256"})[2].decode()
    upload = re.search("<UploadId>(.*)</UploadId>", body)[1]
    digest = base64.b64encode(hashlib.sha256(b"part").digest()).decode()
    status, headers, _ = newest("PUT", f"/c?partNumber=3&uploadId={upload}", b"part", {"x-amz-checksum-sha256": digest})
    assert status == 200
    done = (f"<CompleteMultipartUpload><Part><PartNumber>3</PartNumber><ETag>{headers['ETag']}</ETag>"
            f"<ChecksumSHA256>{digest}</ChecksumSHA256></Part></CompleteMultipartUpload>")
    assert newest("POST", f"/c?uploadId={upload}", done)[0] == 200
    text = newest("GET", "/c?attributes", headers=wanted)[2].decode()
    assert f"<Part><PartNumber>3</PartNumber><Size>4</Size><ChecksumSHA256>{digest}</ChecksumSHA256></Part>" in text
    for expected in ("<PartNumberMarker>0<", "<NextPartNumberMarker>3<", "<MaxParts>1000<", "<IsTruncated>false<", "<PartsCount>1<"):
        assert expected in text
    text = newest("GET", "/c?attributes", headers={**wanted, "x-amz-part-number-marker": "10", "x-amz-max-parts": "1"})[2].decode()
    assert "<Part>" not in text and "<NextPartNumberMarker>0<" in text and "<PartsCount>1<" in text
    # A copy is of one piece, and what takes the object's place has none of its parts.
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/c")
    assert "ObjectParts" not in newest("GET", "/copy?attributes", headers=wanted)[2].decode()
    s3.put_object(Bucket=bucket, Key="c", Body=b"x")
    assert "ObjectParts" not in newest("GET", "/c?attributes", headers=wanted)[2].decode()


def test_a_bucket_with_tags_from_the_start(kiln, s3, name):
    def create(bucket, tags):
        xml = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
        return kiln.http("PUT", f"/{bucket}", f"<CreateBucketConfiguration><Tags>{xml}</Tags></CreateBucketConfiguration>", SIGNED)
    assert create(f"tagged-{name}", [("tag1", "value1")])[0] == 200
    assert s3.get_bucket_tagging(Bucket=f"tagged-{name}")["TagSet"] == [{"Key": "tag1", "Value": "value1"}]
    for tags, status, code in [([("aws:x", "v")], 400, b"InvalidTag"), ([("AWS:x", "v")], 400, b"InvalidTag"),
                               ([("a,b", "v")], 400, b"InvalidTag"),
                               ([("a", "v"), ("a", "w")], 500, b"InternalError")]:
        got, _, body = create(f"untagged-{name}", tags)
        assert (got, code in body) == (status, True)
    refused("404", s3.head_bucket, Bucket=f"untagged-{name}")


def test_tags_of_aws_are_refused_in_upper_and_lower_case(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"b")
    for key in ("aws:x", "AWS:x", "aWs:x"):
        tagging = {"TagSet": [{"Key": key, "Value": "v"}]}
        refused("InvalidTag", s3.put_bucket_tagging, Bucket=bucket, Tagging=tagging)
        refused("InvalidTag", s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=tagging)


def test_who_is_expected_to_own_a_bucket(s3, bucket):
    assert s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="000000000000")["KeyCount"] == 0
    error = refused("InvalidBucketOwnerAWSAccountID", s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="0000")
    assert message_of(error) == "The value of the expected bucket owner parameter must be an AWS Account ID... [0000]"
    refused("AccessDenied", s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="111111111111")


def test_small_answers_as_recorded(s3, bucket, newest):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    listed = s3.list_objects_v2(Bucket=bucket)["ResponseMetadata"]
    assert listed["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1" and listed["HTTPHeaders"]["server"] == "AmazonS3"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", listed["HTTPHeaders"]["date"]) and len(listed["HostId"]) == 76
    # A time that is still to come is no condition.
    later = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert newest("GET", "/a", headers=later)[0] == 200
    error = refused("NoSuchKey", s3.get_object_tagging, Bucket=bucket, Key="none")
    assert error.value.response["Error"]["Key"] == f"{bucket}/none"
    assert newest("PUT", "/a?tagging", "<Tagging></Tagging>")[0] == 200
    # A copy to itself needs a change; a storage class counts, also the same one.
    refused("InvalidRequest", s3.copy_object, Bucket=bucket, Key="a", CopySource=f"{bucket}/a")
    s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a", StorageClass="STANDARD")


def test_sizes_that_do_not_fit(s3, bucket, newest):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    etags = [s3.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=n, Body=b"part")["ETag"] for n in (1, 2)]
    done = lambda count: "<CompleteMultipartUpload>" + "".join(
        f"<Part><PartNumber>{n + 1}</PartNumber><ETag>{etags[n]}</ETag></Part>" for n in range(count)) + "</CompleteMultipartUpload>"
    status, _, body = newest("POST", f"/m?uploadId={upload}", done(2))
    text = body.decode()
    assert status == 400 and "<Code>EntityTooSmall</Code>" in text
    assert "<Message>Your proposed upload is smaller than the minimum allowed size</Message>" in text
    for element in ("<ProposedSize>4</ProposedSize>", "<MinSizeAllowed>5242880</MinSizeAllowed>", "<PartNumber>1</PartNumber>"):
        assert element in text
    status, _, body = newest("POST", f"/m?uploadId={upload}", done(1), {"x-amz-mp-object-size": "5"})
    assert (status, b"<Code>InvalidRequest</Code>" in body) == (400, True)
    assert "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4" in body.decode().replace("&apos;", "'")
    assert newest("POST", f"/m?uploadId={upload}", done(1), {"x-amz-mp-object-size": "4"})[0] == 200
    status, _, body = newest("PUT", "/meta", b"", {"x-amz-meta-a": "v" * 2048})
    assert status == 400 and b"<Code>MetadataTooLarge</Code>" in body
    assert b"<Message>Your metadata headers exceed the maximum allowed metadata size</Message>" in body
    assert newest("PUT", "/meta", b"", {"x-amz-meta-a": "v" * 2047})[0] == 200
    error = refused("KeyTooLongError", s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"")
    assert message_of(error) == "Your key is too long" and s3.put_object(Bucket=bucket, Key="k" * 1024, Body=b"")


def test_a_copy_has_its_own_storage_class_and_encryption(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", StorageClass="STANDARD_IA", Metadata={"k": "v"})
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a", ServerSideEncryption="aws:kms")
    head = s3.head_object(Bucket=bucket, Key="b")
    assert ("StorageClass" in head, head["ServerSideEncryption"], head["Metadata"]) == (False, "aws:kms", {"k": "v"})
    s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/b", StorageClass="GLACIER_IR")
    head = s3.head_object(Bucket=bucket, Key="c")
    assert (head["StorageClass"], head["ServerSideEncryption"]) == ("GLACIER_IR", "AES256")
    s3.put_object(Bucket=bucket, Key="d", Body=b"x", StorageClass="STANDARD")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="d")
    error = refused("InvalidArgument", s3.copy_object, Bucket=bucket, Key="e", CopySource="wrongformat")
    assert message_of(error) == "Invalid copy source object key"


def test_metadata_in_words_of_rfc_2047(bucket, newest):
    sent = {"fake": "=?UTF-8?Q?actually-ascii?=", "ascii64": "=?UTF-8?B?YWJj?=", "binary": "=?UTF-8?B?AAECAw==?=",
            "other": "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", "plain": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}
    expected = {**sent, "fake": "actually-ascii", "ascii64": "abc"}
    assert newest("PUT", "/m", b"", {f"x-amz-meta-{name}": value for name, value in sent.items()})[0] == 200
    headers = newest("HEAD", "/m")[1]
    assert {name: headers[f"x-amz-meta-{name}"] for name in sent} == expected


def test_metadata_in_a_presigned_address(kiln, s3, bucket):
    # Names and values that no header can have are none.
    none = "x-amz-meta-a%20b=c&x-amz-meta-a%3Ab=c&x-amz-meta-a%0D%0Ab=c&x-amz-meta-%C3%A4=c&x-amz-meta-a=b%0Ac&x-amz-meta-b=b%00c&x-amz-meta-c=%7F"
    url = f"/{bucket}/p?x-amz-meta-foo=bar&x-amz-meta-a.b_c=d&{none}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    assert kiln.http("PUT", url + "&X-Amz-Date=20990101T000000Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Signature=0", b"x")[0] == 200
    assert s3.head_object(Bucket=bucket, Key="p")["Metadata"] == {"foo": "bar", "a.b_c": "d"}


def test_a_condition_in_a_presigned_address(kiln, s3, bucket):
    signature = ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20990101T000000Z"
                 "&X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
    put = lambda condition: kiln.http("PUT", f"/{bucket}/p?{condition}&{signature}", b"x")[0]
    assert [put("If-None-Match=%2A"), put("If-None-Match=%2A"), put("If-Match=%22other%22")] == [200, 412, 412]
    assert put(f"If-Match=%22{hashlib.md5(b'x').hexdigest()}%22") == 200


def test_the_location_of_a_bucket(s3, bucket, newest):
    assert newest("GET", "?location")[2].endswith(b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>')


def test_an_upload_without_parts(s3, bucket, newest):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    status, _, body = newest("POST", f"/m?uploadId={upload}", b"")
    assert status == 400 and b"<Code>InvalidRequest</Code><Message>You must specify at least one part</Message>" in body


def test_an_upload_is_overtaken_by_other_changes(s3, bucket, newest):
    def begin():
        upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        etag = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
        xml = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
        return lambda headers: newest("POST", f"/k?uploadId={upload}", xml, headers)
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    complete = begin()
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"2")["ETag"]
    assert complete({"If-Match": first})[0] == 412
    status, _, body = complete({"If-Match": second})
    assert status == 409
    for expected in (b"<Code>ConditionalRequestConflict<", b"<Condition>If-Match<", b"<Key>k<",
                     b"<Message>The conditional request cannot succeed due to a conflicting operation against this resource.<"):
        assert expected in body
    assert begin()({"If-Match": second})[0] == 200
    complete = begin()
    s3.delete_object(Bucket=bucket, Key="k")
    status, _, body = complete({"If-None-Match": "*"})
    assert (status, b"<Condition>If-None-Match<" in body) == (409, True)
    assert begin()({"If-None-Match": "*"})[0] == 200


def test_rules_of_cors_are_checked(s3, bucket):
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "MYMETHOD"]}
    error = refused("InvalidRequest", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert message_of(error) == "Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD"
    for rules in ([], [{"AllowedOrigins": ["*"]}], [{"AllowedMethods": ["GET"]}]):
        refused("MalformedXML", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    for member, value in (("AllowedOrigins", "http://*.shop.*"), ("AllowedHeaders", "**")):
        rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], member: [value]}
        error = refused("InvalidRequest", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
        assert message_of(error) == f'{member[:-1]} "{value}" can not have more than one wildcard.'
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "ExposeHeaders": ["ETag", "x-amz-*"]}
    error = refused("InvalidRequest", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert message_of(error) == 'ExposeHeader "x-amz-*" contains wildcard. We currently do not support wildcard for ExposeHeader.'
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    for rules in ([{**rule, "MaxAgeSeconds": -1}], [{**rule, "MaxAgeSeconds": 2**31}], [{**rule, "ID": "i" * 256}]):
        refused("MalformedXML", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    error = refused("InvalidRequest", s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule] * 101})
    assert message_of(error) == "The number of CORS rules should not exceed allowed limit of 100 rules."
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket)
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [{**rule, "ID": "é" * 255}]})
    for rules in ([{**rule, "MaxAgeSeconds": 0}, {**rule, "MaxAgeSeconds": 2**31 - 1, "ID": "i" * 255}], [rule] * 100):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    rule = {"AllowedOrigins": [""], "AllowedMethods": ["GET", "PUT", "HEAD", "POST", "DELETE"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]


def test_answers_say_when_the_lifecycle_ends_an_object(s3, bucket):
    rules = [{"ID": "first", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 7}},
             {"ID": "second", "Status": "Enabled", "Filter": {"Tag": {"Key": "t", "Value": "1"}}, "Expiration": {"Days": 9}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    modified = lambda key: s3.head_object(Bucket=bucket, Key=key)["LastModified"]
    said = s3.put_object(Bucket=bucket, Key="a/k", Body=b"x")["Expiration"]
    end = (modified("a/k") + timedelta(days=8)).strftime("%a, %d %b %Y 00:00:00 GMT")
    assert said == f'expiry-date="{end}", rule-id="first"'
    for ask in (s3.head_object, s3.get_object):
        assert ask(Bucket=bucket, Key="a/k")["Expiration"] == said
        assert "Expiration" not in ask(Bucket=bucket, Key="a/k", VersionId="null")
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="b", Body=b"x")
    assert 'rule-id="second"' in s3.put_object(Bucket=bucket, Key="b", Body=b"x", Tagging="t=1")["Expiration"]
    assert 'rule-id="first"' in s3.copy_object(Bucket=bucket, Key="a/copy", CopySource={"Bucket": bucket, "Key": "b"})["Expiration"]
    where = {"Bucket": bucket, "Key": "a/m", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="a/m")["UploadId"]}
    parts = [{"PartNumber": 1, "ETag": s3.upload_part(**where, PartNumber=1, Body=b"x")["ETag"]}]
    assert 'rule-id="first"' in s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})["Expiration"]


def test_digests_and_checksums_as_recorded(s3, bucket, newest):
    def digest(text):
        return base64.b64encode(hashlib.md5(text).digest()).decode()
    for wrong in ("__invalid__", "000", "MTIz"):
        status, _, body = newest("PUT", "/a", b"x", {"Content-MD5": wrong})
        assert status == 400 and f"<Content-MD5>{wrong}</Content-MD5>".encode() in body
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    # The expected digest is told in hexadecimal, of a part as it came.
    for path, expected in (("/a", hashlib.md5(b"y").hexdigest()), (f"/m?partNumber=1&uploadId={upload}", digest(b"y"))):
        status, _, body = newest("PUT", path, b"x", {"Content-MD5": digest(b"y")})
        assert status == 400 and b"<Code>BadDigest<" in body
        assert f"<ExpectedDigest>{expected}</ExpectedDigest>".encode() in body
        assert f"<CalculatedDigest>{digest(b'x')}</CalculatedDigest>".encode() in body
    sha = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    newest("PUT", "/a", b"x", {"x-amz-checksum-sha256": sha})
    for mode in ("ENABLED", "enabled"):
        assert newest("GET", "/a", headers={"x-amz-checksum-mode": mode})[1]["x-amz-checksum-sha256"] == sha
    assert "x-amz-checksum-sha256" not in newest("GET", "/a")[1]


def test_checksums_that_an_upload_has_not(s3, bucket, newest):
    sha = base64.b64encode(hashlib.sha256(b"part").digest()).decode()
    part = lambda etag: (f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag>"
                         f"<ChecksumSHA256>{sha}</ChecksumSHA256></Part></CompleteMultipartUpload>")
    for headers, code in (({}, "InvalidPart"), ({"x-amz-checksum-algorithm": "CRC32"}, "BadDigest")):
        body = newest("POST", "/c?uploads", headers=headers)[2].decode()
        upload = re.search("<UploadId>(.*)</UploadId>", body)[1]
        etag = newest("PUT", f"/c?partNumber=1&uploadId={upload}", b"part")[1]["ETag"]
        status, _, body = newest("POST", f"/c?uploadId={upload}", part(etag))
        assert status == 400 and f"<Code>{code}<".encode() in body
    assert b"The sha256 you specified for part 1 did not match what we received." in body
    # The checksum of parts together has their number, but not among the attributes.
    body = newest("POST", "/c?uploads", headers={"x-amz-checksum-algorithm": "SHA256"})[2].decode()
    upload = re.search("<UploadId>(.*)</UploadId>", body)[1]
    etag = newest("PUT", f"/c?partNumber=1&uploadId={upload}", b"part", {"x-amz-checksum-sha256": sha})[1]["ETag"]
    done = newest("POST", f"/c?uploadId={upload}", part(etag))[2].decode()
    whole = re.search("<ChecksumSHA256>(.*)-1</ChecksumSHA256>", done)[1]
    told = newest("GET", "/c?attributes", headers={"x-amz-object-attributes": "Checksum"})[2].decode()
    assert f"<ChecksumSHA256>{whole}</ChecksumSHA256>" in told


@pytest.mark.parametrize("given, back", [
    ("plain ~ text", "plain ~ text"),
    ("non-ascii-%E2%80%94_\u2014_\u00e9_", "=?UTF-8?Q?non-ascii-%E2%80%94=5F=E2=80=94=5F=C3=A9=5F?="),
    ("\u00c4M\u00c4Z\u00d5\u00d1 S3", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
    ("\u00c4\u00c4a", "=?UTF-8?B?w4TDhGE=?="),
    ("=?UTF-8?Q?actually-ascii?=", "actually-ascii"),
    ("=?UTF-8?B?AAECAw==?=", "=?UTF-8?B?AAECAw==?="),
])
def test_metadata_that_is_no_ascii(newest, given, back):
    assert newest("PUT", "/a", b"x", {"x-amz-meta-foo": given.encode()})[0] == 200
    assert newest("HEAD", "/a")[1]["x-amz-meta-foo"] == back


def test_parts_of_an_object(s3, bucket, newest):
    where = {"Bucket": bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    contents = [b"a" * (5 << 20), b"end"]
    parts = [{"PartNumber": n, "ETag": s3.upload_part(**where, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
             for n, body in enumerate(contents, 1)]
    etag = s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})["ETag"]
    enabled = {"x-amz-checksum-mode": "ENABLED"}
    for method in ("GET", "HEAD"):
        status, headers, body = newest(method, "/parts?partNumber=2", headers=enabled)
        assert (status, body) == (206, b"end" if method == "GET" else b"")
        assert headers["Content-Range"] == "bytes 5242880-5242882/5242883" and headers["Content-Length"] == "3"
        assert headers["x-amz-mp-parts-count"] == "2" and headers["ETag"] == etag
        assert not [name for name in headers if name.lower().startswith("x-amz-checksum")], "it is the whole object's"
    assert newest("GET", "/parts?partNumber=1")[2] == contents[0]
    for path, count in (("/parts?partNumber=10", 2), ("/one?partNumber=2", 1)):
        s3.put_object(Bucket=bucket, Key="one", Body=b"test-123")
        status, _, body = newest("GET", path)
        number = path.split("=")[1]
        assert status == 416 and (b"<Code>InvalidPartNumber</Code><Message>The requested partnumber is not satisfiable</Message>"
                                  b"<ActualPartCount>%d</ActualPartCount><PartNumberRequested>%s<" % (count, number.encode())) in body
    status, _, body = newest("GET", "/parts?partNumber=2", headers={"Range": "bytes=0-1"})
    assert status == 400 and b"Cannot specify both Range header and partNumber query parameter" in body
    for wrong in ("0", "10001", "x"):
        assert b"Part number must be an integer between 1 and 10000, inclusive" in newest("GET", f"/parts?partNumber={wrong}")[2]
    status, headers, body = newest("GET", "/one?partNumber=1", headers=enabled)
    assert (status, body, headers["Content-Range"]) == (206, b"test-123", "bytes 0-7/8")
    assert headers["x-amz-checksum-type"] == "FULL_OBJECT" and "x-amz-mp-parts-count" not in headers


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_the_checksum_of_a_part(bucket, newest, kind):
    asked = {"x-amz-checksum-algorithm": "CRC32C", "x-amz-checksum-type": kind}
    upload = re.search("<UploadId>(.*)</UploadId>", newest("POST", "/c?uploads", headers=asked)[2].decode())[1]
    headers = newest("PUT", f"/c?partNumber=1&uploadId={upload}", b"test content 123", {"x-amz-sdk-checksum-algorithm": "CRC32C"})[1]
    done = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{headers['ETag']}</ETag><ChecksumCRC32C>fwuu0Q==</ChecksumCRC32C></Part></CompleteMultipartUpload>"
    assert newest("POST", f"/c?uploadId={upload}", done.encode())[0] == 200
    got = newest("GET", "/c?partNumber=1", headers={"x-amz-checksum-mode": "ENABLED"})[1]
    assert (got["x-amz-checksum-crc32c"], got["x-amz-checksum-type"], got["x-amz-mp-parts-count"]) == ("fwuu0Q==", kind, "1")


def test_the_least_size_that_moves(s3, bucket, newest):
    name = "x-amz-transition-default-minimum-object-size"
    rules = ("<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>"
             "<Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>").encode()
    digest = {"Content-MD5": base64.b64encode(hashlib.md5(rules).digest()).decode()}
    for given, expected in (("varies_by_storage_class",) * 2, (None, "all_storage_classes_128K"), ("all_storage_classes_128K",) * 2):
        status, headers, _ = newest("PUT", "?lifecycle", rules, {**digest, **({name: given} if given else {})})
        assert (status, headers[name]) == (200, expected)
        status, headers, body = newest("GET", "?lifecycle")
        assert (status, headers[name], body) == (200, expected, rules)
    status, _, body = newest("PUT", "?lifecycle", rules, {**digest, name: "value"})
    assert status == 400 and b"<Code>InvalidRequest</Code><Message>Invalid TransitionDefaultMinimumObjectSize found: value</Message>" in body


def test_a_bucket_in_the_old_europe(s3, name):
    bucket = f"old-{name}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "EU"
    assert s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"


def test_presigned_addresses_end(kiln, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    start = (f"/{bucket}/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
             "&X-Amz-SignedHeaders=host&X-Amz-Signature=0&X-Amz-Date=20200101T000000Z")
    status, _, body = kiln.http("GET", start + "&X-Amz-Expires=2")
    assert status == 403 and (b"<Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>2</X-Amz-Expires>"
                              b"<Expires>2020-01-01T00:00:02Z</Expires><ServerTime>20") in body
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    assert kiln.http("GET", start.replace("20200101T000000Z", now) + "&X-Amz-Expires=60")[2] == b"x"
    status, _, body = kiln.http("PUT", start + "&X-Amz-Expires=604801", b"y")
    assert status == 400 and b"<Code>AuthorizationQueryParametersError</Code><Message>X-Amz-Expires must be less than a week" in body
    status, _, body = kiln.http("GET", f"/{bucket}/k?AWSAccessKeyId=test&Signature=s&Expires=1577836800")
    assert status == 403 and b"<Message>Request has expired</Message><Expires>2020-01-01T00:00:00Z</Expires>" in body
    assert kiln.http("GET", f"/{bucket}/k?AWSAccessKeyId=test&Signature=s&Expires=4102444800")[2] == b"x"


def test_errors_name_their_request(bucket, newest):
    status, headers, body = newest("GET", "/none")
    assert status == 404 and body.endswith(f"<RequestId>{headers['x-amz-request-id']}</RequestId><HostId>{headers['x-amz-id-2']}</HostId></Error>".encode())


def test_the_version_of_what_is_deleted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": "null"}, {"Key": "none"}]})["Deleted"]
    assert deleted == [{"Key": "k", "VersionId": "null"}, {"Key": "none"}]


def test_rules_of_a_lifecycle_have_ids(s3, bucket):
    def put(*ids):
        rules = [{**({} if name is None else {"ID": name}), "Filter": {"Prefix": ""}, "Status": "Enabled",
                  "Expiration": {"Days": 1}} for name in ids]
        return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})

    put(None, "mine", None)
    made = [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]]
    assert made[1] == "mine" and all(made) and len(set(made)) == 3
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert s3.head_object(Bucket=bucket, Key="k")["Expiration"].endswith(f'rule-id="{made[0]}"')

    def refuse(*ids):
        return message_of(refused("InvalidArgument", lambda: put(*ids)))

    assert refuse("a", "a") == "Rule ID must be unique. Found same ID for more than one rule"
    assert refuse("a" * 256) == "ID length should not exceed allowed limit of 255"
    put("é" * 255)


@pytest.mark.parametrize(("action", "expected"), [
    ({"Expiration": {"Days": 0}}, "'Days' for Expiration action must be a positive integer"),
    ({"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}, "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"),
    ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": -1}}, "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"),
    ({"Transitions": [{"Days": -1, "StorageClass": "GLACIER"}]}, "'Days' in Transition action must be nonnegative"),
    ({"Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}, "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"),
])
def test_days_of_a_lifecycle(s3, bucket, action, expected):
    put = lambda action: s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [{"ID": "r", "Filter": {"Prefix": ""}, "Status": "Enabled", **action}]})
    assert message_of(refused("InvalidArgument", put, action=action)) == expected
    put({"Expiration": {"Days": 1}, "Transitions": [{"Days": 0, "StorageClass": "GLACIER"}]})
    put({"Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}]})
