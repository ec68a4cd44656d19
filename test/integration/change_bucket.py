#!/usr/bin/env python3
"""Changes an S3 bucket as its owner would (boto3), sharing no code with the tool.

usage: change_bucket.py ENDPOINT BUCKET < ORDERS.jsonl

Each order is a JSON line: `{"put": KEY, "body": TEXT}`, `{"delete": KEY}`, or
`{"spoil": KEY, "body": TEXT}`, which puts other bytes under a key and leaves its metadata as it was.
Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

AT_ONCE = 16


def main(endpoint, bucket):
    config = Config(s3={"addressing_style": "path"}, max_pool_connections=AT_ONCE)
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)

    def obey(line):
        order = json.loads(line)
        body = order.get("body", "").encode()
        if "put" in order:
            s3.put_object(Bucket=bucket, Key=order["put"], Body=body)
        elif "delete" in order:
            s3.delete_object(Bucket=bucket, Key=order["delete"])
        else:
            key = order["spoil"]
            head = s3.head_object(Bucket=bucket, Key=key)
            kept = {"Metadata": head["Metadata"], "ContentType": head["ContentType"]}
            s3.put_object(Bucket=bucket, Key=key, Body=body, **kept)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(obey, sys.stdin))  # raises what an order raised


if __name__ == "__main__":
    main(*sys.argv[1:])
