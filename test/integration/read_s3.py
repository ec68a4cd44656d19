#!/usr/bin/env python3
"""An independent reader of an S3 bucket (boto3), sharing no code with the tool.

read_s3.py dump  --endpoint URL --bucket B [--prefix P]
    one JSON line an object: key, size, etag, md5, sha256, headers, metadata, tags
read_s3.py check --endpoint URL --bucket B [--prefix P] PUBLISHED.tsv EVENTS.jsonl [EVENTS.jsonl ...]
    every published object must be in the bucket with its published digest and a length and ETag
    that fit, nothing else may be there, no multipart upload may be left over, and the events of all
    runs together must tell every key: each run tells a key at most once, the last run's summary
    adds up with what it carried over. Exits 1 and says what is wrong otherwise.

Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CHUNK_BYTES = 1 << 20
READERS = 16
HEADERS = [
    "ContentType",
    "ContentEncoding",
    "ContentDisposition",
    "ContentLanguage",
    "CacheControl",
    "StorageClass",
]


def connect(arguments):
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}, max_pool_connections=READERS)
    return boto3.client(
        "s3",
        endpoint_url=arguments.endpoint,
        region_name=arguments.region,
        verify=arguments.ca if arguments.ca else None,
        config=config,
    )


def keys_of(s3, bucket, prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for item in page.get("Contents", []):
            yield item


def uploads_of(s3, bucket, prefix):
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for upload in page.get("Uploads", []):
            yield f"{upload['Key']} ({upload['UploadId']})"


def digests(body, *algorithms):
    hashes = {name: hashlib.new(name) for name in algorithms}
    length = 0
    for chunk in iter(lambda: body.read(CHUNK_BYTES), b""):
        length += len(chunk)
        for each in hashes.values():
            each.update(chunk)
    return length, {name: each.hexdigest() for name, each in hashes.items()}


def tags_of(s3, bucket, key):
    try:
        found = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NotImplemented", "NoSuchTagSet"):
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in found}


def dump(s3, arguments):
    for item in keys_of(s3, arguments.bucket, arguments.prefix):
        answer = s3.get_object(Bucket=arguments.bucket, Key=item["Key"])
        length, found = digests(answer["Body"], "md5", "sha256")
        expires = answer["ResponseMetadata"]["HTTPHeaders"].get("expires")
        line = {
            "key": item["Key"],
            "size": length,
            "etag": answer["ETag"],
            **found,
            "headers": {
                **{name: answer[name] for name in HEADERS if name in answer},
                **({"Expires": expires} if expires else {}),
            },
            "metadata": answer["Metadata"],
            "tags": tags_of(s3, arguments.bucket, item["Key"]),
        }
        print(json.dumps(line, ensure_ascii=False, sort_keys=True))
    left = list(uploads_of(s3, arguments.bucket, arguments.prefix))
    for upload in left:
        print(f"multipart upload left over: {upload}", file=sys.stderr)
    return 1 if left else 0


def published(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            key, algorithm, digest = line.rstrip("\n").split("\t")
            yield key, (algorithm, digest)


def events_of(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):  # a killed run may end in half a line
                yield json.loads(line)


def wrong_with_object(s3, bucket, item, algorithm, digest):
    answer = s3.get_object(Bucket=bucket, Key=item["Key"])
    length, found = digests(answer["Body"], "md5", algorithm)
    if found[algorithm] != digest:
        yield "other bytes than published"
    if not length == item["Size"] == answer["ContentLength"]:
        yield f"{length} bytes, listed as {item['Size']}, told as {answer['ContentLength']}"
    if not answer["ETag"] == item["ETag"]:
        yield f"ETag {answer['ETag']}, listed as {item['ETag']}"
    etag = answer["ETag"].strip('"')
    if re.fullmatch("[0-9a-f]{32}", etag) and etag != found["md5"]:
        yield f"ETag {etag}, MD5 {found['md5']}"


def wrong_with_bucket(s3, arguments, expected):
    found = {}
    for item in keys_of(s3, arguments.bucket, arguments.prefix):
        key = item["Key"][len(arguments.prefix) :]
        if key in found:
            yield f"listed twice: {key}"
        found[key] = item
    arguments.stored = len(found)
    yield from (f"missing: {key}" for key in expected if key not in found)
    yield from (f"not published: {key}" for key in found if key not in expected)

    def problems_of(key):
        algorithm, digest = expected[key]
        problems = wrong_with_object(s3, arguments.bucket, found[key], algorithm, digest)
        return [f"{problem}: {key}" for problem in problems]

    # Side by side: alone, each read would mostly wait for the server.
    with ThreadPoolExecutor(READERS) as pool:
        for problems in pool.map(problems_of, [key for key in expected if key in found]):
            yield from problems
    for upload in uploads_of(s3, arguments.bucket, arguments.prefix):
        yield f"multipart upload left over: {upload}"


def key_of(event):
    if "keyBase64" in event:
        return base64.b64decode(event["keyBase64"])
    return event["key"]


def wrong_with_events(paths, expected):
    told = set()
    summary = None
    for path in paths:
        summary = None
        keys = []
        for event in events_of(path):
            if event["event"] == "object":
                keys.append(key_of(event))
            elif event["event"] == "summary":
                summary = event
        if len(keys) != len(set(keys)):
            yield f"{path}: a key is told twice"
        told.update(keys)
    yield from (f"never told: {key}" for key in expected if key not in told)
    yield from (f"told, but not published: {key}" for key in told if key not in expected)
    if summary is None:
        yield "the last run has no summary"
        return
    if summary["listed"] != summary["copied"] + summary["skipped"] + summary["failed"]:
        yield "listed is not copied + skipped + failed"
    if summary["listed"] + summary["carried"]["listed"] != len(expected):
        yield "listed and carried do not make up the list"


def check(s3, arguments):
    expected = dict(published(arguments.published))
    wrong = list(wrong_with_bucket(s3, arguments, expected))
    wrong += wrong_with_events(arguments.events, expected)
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    print(f"{len(expected)} published, {arguments.stored} stored, {len(wrong)} wrong")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("dump", "check"):
        command = commands.add_parser(name)
        command.add_argument("--endpoint", required=True)
        command.add_argument("--bucket", required=True)
        command.add_argument("--prefix", default="")
        command.add_argument("--region", default="us-east-1")
        command.add_argument("--ca")
        if name == "check":
            command.add_argument("published")
            command.add_argument("events", nargs="+")
    arguments = parser.parse_args()
    return {"dump": dump, "check": check}[arguments.command](connect(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
