/** What has come from all origins so far. One is made for a run. */
export interface Traffic {
  /** Bytes of bodies, also of those that failed later. */
  bodyBytes: number;
}
