/** Time as an input: what the system clock says, and a way to be called later. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z; may jump in either direction. */
  wallMs(): number;
  /** Milliseconds since some fixed instant; never decreases, and does not follow changes of the wall clock. */
  monotonicMs(): number;
  /** Calls `callback` once, after `delayMs`; the function returned cancels it. A pending timer keeps no process alive. */
  after(delayMs: number, callback: () => void): () => void;
}
