"""S3: what is left after a kill and after bodies that end half way, and how much memory large objects take."""

import hashlib
import re
import socket
import threading

import pytest
from harness import wait_for
from objects import SIGNED, MiB, pattern


def resident_peak(kiln):
    status = open(f"/proc/{kiln.engine}/status").read()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024


@pytest.mark.slow
def test_large_objects_need_little_memory(own_kiln, tmp_path):
    kiln = own_kiln()
    s3 = kiln.client("s3")
    s3.create_bucket(Bucket="bucket")
    before = resident_peak(kiln)
    body = pattern(70 * MiB)
    s3.put_object(Bucket="bucket", Key="single", Body=body)
    assert s3.get_object(Bucket="bucket", Key="single")["Body"].read() == body
    large = tmp_path / "large"
    with large.open("wb") as out:
        for i in range(4):
            out.write(pattern(64 * MiB, i))
    s3.upload_file(str(large), "bucket", "multi")
    assert s3.head_object(Bucket="bucket", Key="multi")["ContentLength"] == 256 * MiB
    s3.download_file("bucket", "multi", str(tmp_path / "back"))
    assert hashlib.sha256((tmp_path / "back").read_bytes()).digest() == hashlib.sha256(large.read_bytes()).digest()
    stream = s3.get_object(Bucket="bucket", Key="multi")["Body"]
    assert hashlib.sha256(stream.read()).digest() == hashlib.sha256(large.read_bytes()).digest()
    grown = resident_peak(kiln) - before
    print(f"peak of resident memory grew by {grown} MiB")
    # Ten parts at once, and what the sockets hold on a machine that is behind: far less than an object has.
    assert grown < 128


# What survives


def test_everything_survives_kill_9(own_kiln):
    kiln = own_kiln()
    s3 = kiln.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.put_object(Bucket="bucket", Key="k", Body=b"content", Metadata={"m": "1"})
    upload = s3.create_multipart_upload(Bucket="bucket", Key="m")["UploadId"]
    part = s3.upload_part(Bucket="bucket", Key="m", UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    kiln.kill()
    s3 = own_kiln().client("s3")
    got = s3.get_object(Bucket="bucket", Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (b"content", {"m": "1"})
    assert s3.get_bucket_tagging(Bucket="bucket")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.complete_multipart_upload(Bucket="bucket", Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
    assert s3.get_object(Bucket="bucket", Key="m")["Body"].read() == b"part"


def test_a_kill_in_the_middle_of_puts_leaves_the_old_or_the_new(own_kiln, tmp_path):
    kiln = own_kiln()
    s3 = kiln.client("s3")
    s3.create_bucket(Bucket="bucket")
    versions = [pattern(3 * MiB, i) for i in range(4)]
    whole = {hashlib.md5(v).hexdigest() for v in versions}
    names = [f"k{i}" for i in range(4)]
    for each in names:
        s3.put_object(Bucket="bucket", Key=each, Body=versions[0])
    started = threading.Event()
    puts = []

    def put(key):
        client = kiln.client("s3")
        try:
            for i in range(1000):
                client.put_object(Bucket="bucket", Key=key, Body=versions[i % 4])
                puts.append(key)
                if len(puts) > 12:
                    started.set()
        except Exception:  # the kill
            started.set()

    threads = [threading.Thread(target=put, args=(each,)) for each in names]
    for thread in threads:
        thread.start()
    assert started.wait(60)
    # One is in the middle of its body for certain.
    half = socket.create_connection(("127.0.0.1", kiln.port))
    half.sendall(f"PUT /bucket/k0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SIGNED['Authorization']}\r\nContent-Length: {3 * MiB}\r\n\r\n".encode() + versions[1][:MiB])
    kiln.kill()
    for thread in threads:
        thread.join(60)
    half.close()
    assert len(puts) > 12
    s3 = own_kiln().client("s3")
    for each in names:
        answer = s3.get_object(Bucket="bucket", Key=each)
        content = answer["Body"].read()
        assert hashlib.md5(content).hexdigest() in whole and answer["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    files = [p for p in (tmp_path / "data" / "objects").rglob("*") if p.is_file() and not p.name.startswith("objects.db")]
    assert len(files) == len(names)  # what the kill left is gone


def test_a_body_that_ends_half_way_leaves_nothing(own_kiln, tmp_path):
    kiln = own_kiln()
    s3 = kiln.client("s3")
    s3.create_bucket(Bucket="bucket")

    def files():
        return [p for p in (tmp_path / "data" / "objects").rglob("*") if p.is_file() and not p.name.startswith("objects.db")]

    with socket.create_connection(("127.0.0.1", kiln.port)) as line:
        line.sendall(f"PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SIGNED['Authorization']}\r\nContent-Length: 1000000\r\n\r\n".encode() + b"x" * 500_000)
        wait_for(lambda: files() and files()[0].stat().st_size > 0, what="the part that has come")
    wait_for(lambda: not files(), what="its removal")
    assert s3.list_objects_v2(Bucket="bucket")["KeyCount"] == 0
