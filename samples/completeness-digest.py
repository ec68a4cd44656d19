#!/usr/bin/env python3
"""Recomputes the completeness digest of `bucketfill verify`, knowing nothing of bucketfill's code.

    python3 completeness-digest.py LEVEL DIR                               (a directory)
    python3 completeness-digest.py LEVEL s3://BUCKET[/PREFIX/] [ENDPOINT]  (needs boto3)

LEVEL is exists, size, etag or full. Each object is `<sha256 or -> <size or -> <key>`, hashed by
SHAKE256 to 2,048 bits, read as a little-endian number; the digest is the SHA-256 of their sum.
"""
import hashlib, os, sys
OWN = b".bucketfill-bucket"  # a directory bucket's own folder; keys/ has keys that are no paths


def directory(root):
    root = os.fsencode(root)
    for folder, _, names in os.walk(root):
        for path in (os.path.join(folder, name) for name in names):
            key = os.path.relpath(path, root)
            if key.startswith(OWN + b"/keys/") and key.endswith(b".o"):
                key = bytes.fromhex(key[len(OWN) + 6 : -2].replace(b"/", b"").decode())
            elif key.startswith(OWN + b"/"):
                continue
            if os.path.isfile(path) and not os.path.islink(path):
                yield key, os.path.getsize(path), lambda path=path: open(path, "rb")


def bucket(url, endpoint=None):
    import boto3
    s3 = boto3.client("s3", endpoint_url=endpoint)
    name, _, prefix = url[len("s3://") :].partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix):
        for found in page.get("Contents", []):
            read = lambda key=found["Key"]: s3.get_object(Bucket=name, Key=key)["Body"]
            yield found["Key"][len(prefix) :].encode(), found["Size"], read


level, where, *endpoint = sys.argv[1:]
objects = bucket(where, *endpoint) if where.startswith("s3://") else directory(where)
count = total = 0
for key, size, read in objects:
    body = hashlib.sha256()
    if level == "full":
        for piece in iter(lambda source=read(): source.read(1 << 20), b""):
            body.update(piece)
    sha256 = body.hexdigest() if level == "full" else "-"
    element = f"{sha256} {'-' if level == 'exists' else size} ".encode() + key
    total += int.from_bytes(hashlib.shake_256(element).digest(256), "little")
    count += 1
digest = hashlib.sha256((total % 2**2048).to_bytes(256, "little")).hexdigest()
print(f"bf1:{level}:{count}:{digest}")
