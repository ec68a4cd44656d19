import type { BodyMemory } from '../model/body-memory.ts';
import type { Bucket, StoredObject } from '../model/bucket.ts';
import type { KeyEntry } from '../model/entry.ts';
import type { Origin, OriginRequest } from '../model/origin.ts';
import type { StoreSettings } from '../model/rule.ts';
import type { BodyTap } from './body-tap.ts';
import type { OwnClaims } from './own-claims.ts';
import type { OpenUploads } from './open-uploads.ts';
import type { Rechecks } from './rechecks.ts';

/** One object's journey: from where, to where, and what must hold on the way. */
export interface Transfer {
  /** The key, with whatever a list declared of its object. */
  readonly entry: KeyEntry;
  readonly source: Origin;
  readonly request: OriginRequest;
  readonly bucket: Bucket;
  readonly store: StoreSettings;
  /** Lose to whoever stores the key first. */
  readonly ifAbsent: boolean;
  /** What the bucket holds, where an unchanged origin means that it stays. */
  readonly stored: StoredObject | undefined;
  /** The budget of bodies in flight. */
  readonly memory: BodyMemory;
  /** Nobody asked the bucket for the key yet: before a body that is not small, it is asked. */
  readonly askBeforeLarge?: boolean;
  /** Keys claimed among all processes on the bucket, where others may be at work on it. */
  readonly claims?: OwnClaims | undefined;
  /** Uploads that outlive a run, where the run has a state. */
  readonly uploads?: OpenUploads | undefined;
  /** Who follows the body from its first byte; it is then never gone on with from an earlier run. */
  readonly tap?: BodyTap | undefined;
  /** Looks at the origin's object again before a body that took long is committed; not with a tap. */
  readonly rechecks?: Rechecks | undefined;
}
