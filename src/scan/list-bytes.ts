/** The decompressed bytes of a list, wherever they come from. */
export interface ListBytes {
  /**
   * The bytes from an offset to the end, in order. An empty chunk says that there is nothing more
   * for now: whoever collects may hand out what is complete. Chunks are not reused.
   * @throws FatalError where the list can't be read.
   */
  read(from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}
