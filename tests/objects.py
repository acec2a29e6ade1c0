"""Objects for the tests of S3."""

import hashlib

MiB = 1024 * 1024
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}


def pattern(size, seed=0):
    """Bytes that differ from place to place and are cheap to make."""
    block = hashlib.shake_128(str(seed).encode()).digest(1 * MiB + 1)
    return (block * (size // len(block) + 1))[:size]
