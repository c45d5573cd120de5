/**
 * Time that goes on only from one event to the next, so that days pass in seconds and every run can be replayed.
 *
 * 1. Events of one instant happen in the order in which they were asked for.
 * 2. Whatever an event sets off in promises is through before the next one happens.
 */

/** Events of one instant; with more of them something waits for no time at all, again and again, and a run would never end. */
const AT_ONCE_MAX = 1_000_000;

/** Milliseconds since the start of the run; not whole. */
export type VirtualMs = number;

interface Event {
  readonly dueMs: VirtualMs;
  readonly order: number;
  readonly happen: () => void;
  isCancelled: boolean;
}

export class VirtualTime {
  #nowMs: VirtualMs = 0;
  #made = 0;
  #happened = 0;
  /** Events of the present instant so far. */
  #atOnce = 0;
  #failure: { readonly error: unknown } | undefined;
  /** A binary heap: the next event first. */
  readonly #heap: Event[] = [];

  get nowMs(): VirtualMs {
    return this.#nowMs;
  }

  /** Events so far. */
  get happened(): number {
    return this.#happened;
  }

  /** `happen` is called once, `delayMs` from now; the function returned cancels it. */
  after(delayMs: number, happen: () => void): () => void {
    const event: Event = {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#made++,
      happen,
      isCancelled: false,
    };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Nothing happens after this: the next step throws `error`. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /**
   * The next event that is due by `endMs` happens; `false`, and time goes on to `endMs`, if there is none. Throws what an
   * event throws.
   */
  async step(endMs: VirtualMs): Promise<boolean> {
    await this.#drain();
    const hasHappened = this.#next(endMs);
    if (hasHappened) await this.#drain();
    return hasHappened;
  }

  /** All that is due by `endMs` happens; for what makes no promises, and much faster. Throws what an event throws. */
  passAtOnce(endMs: VirtualMs): void {
    while (this.#next(endMs));
  }

  #next(endMs: VirtualMs): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#pop();
      if (next.isCancelled) continue;
      this.#atOnce = next.dueMs > this.#nowMs ? 1 : this.#atOnce + 1;
      if (this.#atOnce > AT_ONCE_MAX) throw new Error('Time stands still: an instant has no end of events.');
      this.#nowMs = next.dueMs;
      this.#happened++;
      next.happen();
      return true;
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
    return false;
  }

  async #drain(): Promise<void> {
    await drained();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isSooner(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isSooner(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!isSooner(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

function isSooner(a: Event, b: Event): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** Until no promise can go on by itself: what still waits, waits for an event. */
async function drained(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().includes('Immediate'));
}
