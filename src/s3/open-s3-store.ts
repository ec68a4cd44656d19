import { controlLane } from './control-lane.ts';
import { S3Lane, type S3LaneSettings } from './s3-lane.ts';
import type { S3Store } from './s3-store.ts';

/** One bucket of one store, and how to talk to it. */
export interface S3StoreSettings extends S3LaneSettings {
  /** As shown to people: `s3://bucket/`. */
  readonly name: string;
}

/**
 * Opens a bucket of an S3-compatible store. Nothing is sent, and no SDK loaded, before the first
 * call. Closing it leaves the HTTP client open: that is its owner's.
 * @throws FatalError `usage` for an endpoint or a bucket name that no request can be made of.
 */
export function openS3Store(settings: S3StoreSettings): S3Store {
  const lane = new S3Lane(settings);
  const control = controlLane(lane, settings.bucket, settings.clock);
  return {
    name: settings.name,
    signsBodies: lane.signsBodies,
    send: (request, reader, signal) => lane.send(request, reader, signal),
    control: control.calls,
    requests: () => lane.requests(),
    close: () => control.close(),
  };
}
