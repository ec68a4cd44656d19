/** The decompressed bytes of a list, wherever they come from. */
export interface ListBytes {
  /**
   * The bytes from an offset to the end, in order. An empty chunk says that there is nothing more
   * for now: whoever collects may hand out what is complete.
   * @param chunks `passing` where each is done with before the next is asked for: its memory may
   * then hold the next one
   * @throws FatalError where the list can't be read.
   */
  read(from: number, signal: AbortSignal, chunks?: 'kept' | 'passing'): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}
