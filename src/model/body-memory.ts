/**
 * Memory that was set aside for bytes of bodies. Either `release` or `recycle` gives it back; what
 * comes after the first of them does nothing.
 */
export interface ReservedMemory {
  /**
   * One piece of as many bytes as were asked for, the same at each call; anything may be in it.
   * @param use `shared` where other threads may have to read it, which is granted where it can be.
   * @param source what is going to be copied to its beginning: it then lies within words of memory as
   * the piece does, for that makes copying into shared memory several times as fast.
   */
  piece(use?: 'shared', source?: Uint8Array): Uint8Array;
  /** Gives the bytes back. Requests that failed may still hold the piece, so nobody else gets it. */
  release(): void;
  /** Gives the bytes back, and the piece to the next who asks for that many: nobody uses it now. */
  recycle(): void;
}

/**
 * The budget of bodies in flight: whoever keeps bytes of a body in memory has reserved them before,
 * and gives them back when they are stored or given up. First come, first served.
 *
 * It holds without a deadlock as long as everybody keeps the order: who waits for `reserve` holds
 * nothing of it but bytes that are on their way to the bucket, and at most one `begin`; who waits
 * for `begin` holds nothing at all. So every whole reservation is filled by an origin or emptied by
 * a bucket, both of which end in finite time, and what was begun only ever waits for those. Who
 * holds some and waits for anything else, such as another try at an origin, says so by `onWanted`.
 */
export interface BodyMemory {
  /** The most that one reservation takes of the budget. */
  readonly limitBytes: number;
  /**
   * Waits for so many bytes; more than the limit count as the limit, so nearly all others wait.
   * @returns the memory itself, where there is no need to wait.
   * @throws the signal's reason when it aborts first.
   */
  reserve(bytes: number, signal: AbortSignal): ReservedMemory | Promise<ReservedMemory>;
  /**
   * A few bytes for the beginning of a body of unknown length, out of a share of the budget that
   * never keeps a `reserve` from being granted. Waits and throws as `reserve`.
   */
  begin(signal: AbortSignal): ReservedMemory | Promise<ReservedMemory>;
  /**
   * Calls `giveUp` once, as soon as somebody has to wait for memory, which may be now.
   * @param giveUp resolves when what was held is given back.
   * @returns what takes the offer back; safe to call twice, and after `giveUp` was called.
   */
  onWanted(giveUp: () => Promise<void>): () => void;
}
