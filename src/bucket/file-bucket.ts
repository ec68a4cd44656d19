import { resolve } from 'node:path';

import type { Bucket, ListRange, StoredObject, Upload } from '../model/bucket.ts';
import { FatalError } from '../model/failure.ts';
import type { ObjectKey } from '../model/object-key.ts';
import type { ObjectRemover } from '../model/object-remover.ts';
import type { Clock, OnBoundary } from '../model/ports.ts';
import { Directories } from './directories.ts';
import { adviceFor, asBucketFailure } from './file-failure.ts';
import { findObjectFile } from './file-tree.ts';
import type { FileTree } from './file-tree.ts';
import { openFileUpload } from './file-upload.ts';
import type { UploadRequest } from './file-upload.ts';
import { KeyLock } from './key-lock.ts';
import { listObjects } from './list-objects.ts';
import { detectFolding, prepareDirectory, readableDirectory } from './prepare-directory.ts';
import { objectInFile, readObject } from './read-file.ts';
import { removeFile } from './remove-file.ts';
import { TempFiles } from './temp-files.ts';
import type { BucketOwner } from './temp-files.ts';

export interface FileBucketOptions {
  /** Relative paths resolve from the working directory. Need not exist yet. */
  readonly directory: string;
  /** The bucket's URL as shown to people. */
  readonly name: string;
  readonly clock: Clock;
  readonly owner: BucketOwner;
  readonly onBoundary: OnBoundary;
  /**
   * Whether the file system takes different names for one (case, Unicode forms); absent: told by
   * looking. True keeps only lower-case ASCII keys under their own names.
   */
  readonly namesFold?: boolean;
}

/** A bucket in a directory. */
export interface FileBucket extends Bucket, ObjectRemover {
  /**
   * Makes the directory if it is absent, tries to write there, sweeps what dead processes left.
   * @returns the directory's id: another directory under the same path has another one.
   * @throws FatalError `bucket-unusable`.
   */
  check(): Promise<string>;
  /**
   * Looks whether the directory could be read; an absent one is an empty bucket. Writes nothing.
   * @throws FatalError `bucket-unusable`.
   */
  checkReadable(): Promise<void>;
}

async function foldingOf(name: string, root: string): Promise<boolean> {
  try {
    return await detectFolding(root);
  } catch (error) {
    const message = `bucket ${name} can't be used: ${root}: ${adviceFor(error)}`;
    throw new FatalError('bucket-unusable', message, error);
  }
}

/**
 * Opens a directory as a bucket: a key that is a plain relative path is the file at that path;
 * all else (other keys, metadata, files being written) lives in one folder of ours in it. Writes
 * nothing before `check` or the first store, and what is not there reads as an empty bucket.
 * @throws FatalError `bucket-unusable` where the directory can't be looked at.
 */
export async function openFileBucket(options: FileBucketOptions): Promise<FileBucket> {
  const { name, clock, onBoundary } = options;
  const root = resolve(options.directory);
  let namesFold = options.namesFold ?? (await foldingOf(name, root));
  const tree: FileTree = {
    directories: new Directories(root, clock),
    namesFold: () => namesFold,
  };
  const temps = new TempFiles(tree, options.owner, clock);
  const tools = { bucket: name, tree, temps, locks: new KeyLock(), onBoundary };

  const check = async (): Promise<string> => {
    const found = await prepareDirectory(name, tree, temps);
    namesFold = options.namesFold ?? found.namesFold;
    return found.id;
  };
  let prepared: Promise<string> | undefined;
  const prepare = async (): Promise<string> => {
    prepared ??= check();
    try {
      return await prepared;
    } catch (error) {
      prepared = undefined;
      throw error;
    }
  };

  const openUpload = async (request: UploadRequest): Promise<Upload> => {
    request.signal.throwIfAborted();
    await prepare();
    return openFileUpload(tools, request);
  };

  const head = async (key: ObjectKey): Promise<StoredObject | undefined> => {
    try {
      const file = await findObjectFile(tree, key);
      return file === undefined ? undefined : await objectInFile(tree, key, file);
    } catch (error) {
      throw asBucketFailure(error, name, `look up ${JSON.stringify(key)}`);
    }
  };

  async function* list(
    range: ListRange,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredObject[]> {
    try {
      yield* listObjects(tree, range, signal, clock);
    } catch (error) {
      throw asBucketFailure(error, name, `list ${JSON.stringify(range.prefix)}`, signal);
    }
  }

  return {
    name,
    check: async () => {
      prepared = undefined;
      return prepare();
    },
    checkReadable: () => readableDirectory(name, root),
    head: async (key, signal) => {
      signal.throwIfAborted();
      return head(key);
    },
    read: (key, reader, signal, readOptions) =>
      readObject(tree, name, key, reader, signal, readOptions?.range),
    list,
    putBytes: async (key, bytes, metadata, writeOptions, signal) => {
      const upload = await openUpload({ key, metadata, options: writeOptions, signal });
      try {
        await upload.write(bytes);
        return await upload.commit();
      } catch (error) {
        await upload.abort();
        throw error;
      }
    },
    openUpload: (key, metadata, writeOptions, signal) =>
      openUpload({ key, metadata, options: writeOptions, signal }),
    // Uploads into a directory never outlive the run: what a dead one left is swept when it opens.
    abandonUpload: () => Promise.resolve(),
    remove: async (key, signal) => {
      try {
        await tools.locks.run(key, async () => {
          signal.throwIfAborted();
          await removeFile(tree, key);
        });
      } catch (error) {
        throw asBucketFailure(error, name, `remove ${JSON.stringify(key)}`, signal);
      }
    },
  };
}
