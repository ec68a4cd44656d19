import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';

/**
 * A member of a gzip file (RFC 1952) that tells its own length in an extra field, so that a file
 * of members can be walked, and its end judged, without inflating them. `zcat` reads it.
 *
 *     1f 8b 08 04   gzip, deflate, there is an extra field
 *     00 × 4        no time
 *     00 ff         no hint at compression, unknown system
 *     08 00         the extra field's length
 *     'B' 'F' 04 00 a subfield of ours, 4 bytes long
 *     uint32        the member's length in bytes, the whole of it
 */
const PREFIX = Buffer.of(
  ...[0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0],
  ...[0, 0xff, 0x08, 0, 0x42, 0x46, 0x04, 0],
);

/** Bytes of the head, by which a member's length is known. */
export const MEMBER_HEAD_BYTES = PREFIX.length + 4;

/** Bytes behind the deflated data: CRC-32 and length of the text. */
const TAIL_BYTES = 8;

/** Most that one member's text takes: batches are a few thousand lines. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/** `text` as one member. */
export function packMember(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const deflated = deflateRawSync(bytes);
  const member = Buffer.alloc(MEMBER_HEAD_BYTES + deflated.length + TAIL_BYTES);
  member.set(PREFIX);
  member.writeUInt32LE(member.length, PREFIX.length);
  member.set(deflated, MEMBER_HEAD_BYTES);
  member.writeUInt32LE(crc32(bytes), member.length - TAIL_BYTES);
  member.writeUInt32LE(bytes.length, member.length - TAIL_BYTES / 2);
  return member;
}

/** The length that a member's head tells; undefined where no member begins so. */
export function memberLength(head: Uint8Array): number | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length < MEMBER_HEAD_BYTES) return undefined;
  if (!bytes.subarray(0, PREFIX.length).equals(PREFIX)) return undefined;
  const length = bytes.readUInt32LE(PREFIX.length);
  return length >= MEMBER_HEAD_BYTES + TAIL_BYTES ? length : undefined;
}

/** The text of a whole member; undefined where it fails its checksum. */
export function unpackMember(member: Uint8Array): string | undefined {
  try {
    return gunzipSync(member, { maxOutputLength: MAX_TEXT_BYTES }).toString();
  } catch {
    return undefined;
  }
}

/** Whether a member may begin anywhere in `bytes`. */
export function holdsMember(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(PREFIX);
}
