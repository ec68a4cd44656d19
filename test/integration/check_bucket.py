#!/usr/bin/env python3
"""An independent check of a filled directory bucket, sharing no code with the tool.

usage: check_bucket.py PUBLISHED.tsv BUCKET_DIRECTORY EVENTS.jsonl [EVENTS.jsonl ...]

Every published object must be in the bucket with its published digest, nothing else may be there,
and the events of all runs together must tell every key: each run tells a key at most once, the
last run's summary adds up with what it carried over. Exits 1 and says what is wrong otherwise.
"""

import hashlib
import json
import os
import sys

OURS = ".bucketfill-bucket"


def published(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            key, algorithm, digest = line.rstrip("\n").split("\t")
            yield key, (algorithm, digest)


def stored(directory):
    for folder, folders, files in os.walk(directory):
        if folder == directory and OURS in folders:
            folders.remove(OURS)
        for name in files:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, directory), path


def digest_of(path, algorithm):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def events_of(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):  # a killed run may end in half a line
                yield json.loads(line)


def main(published_path, directory, *event_paths):
    expected = dict(published(published_path))
    found = dict(stored(directory))
    wrong = [f"missing: {key}" for key in expected if key not in found]
    wrong += [f"not published: {key}" for key in found if key not in expected]
    for key, (algorithm, digest) in expected.items():
        if key in found and digest_of(found[key], algorithm) != digest:
            wrong.append(f"other bytes than published: {key}")

    leftovers = os.listdir(os.path.join(directory, OURS, "tmp"))
    wrong += [f"left behind: {name}" for name in leftovers]

    told = set()
    summary = None
    for path in event_paths:
        of_this_run = [event for event in events_of(path) if event["event"] == "object"]
        keys = [event["key"] for event in of_this_run]
        if len(keys) != len(set(keys)):
            wrong.append(f"{path}: a key is told twice")
        told.update(keys)
        summary = next((e for e in events_of(path) if e["event"] == "summary"), None)
    wrong += [f"never told: {key}" for key in expected if key not in told]
    if summary is None:
        wrong.append("the last run has no summary")
    else:
        if summary["listed"] != summary["copied"] + summary["skipped"] + summary["failed"]:
            wrong.append("listed is not copied + skipped + failed")
        if summary["listed"] + summary["carried"]["listed"] != len(expected):
            wrong.append("listed and carried do not make up the list")

    for line in wrong[:20]:
        print(line, file=sys.stderr)
    print(f"{len(expected)} published, {len(found)} stored, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
