/** Who wrote what, as its users saw it: every write that was asked for, and what came of it. */

import type { Dot } from '../../core/entry.ts';

export interface Written {
  readonly machine: string;
  readonly key: string;
  /** `undefined`: a deletion. No two writes of a run have the same. */
  readonly value: string | undefined;
  readonly askedAtMs: number;
  /** Of those that were acknowledged. */
  dot?: Dot;
}

export class Ledger {
  readonly writes: Written[] = [];
  #values = 0;

  nextValue(): string {
    return `v${this.#values++}`;
  }

  asked(written: Written): Written {
    this.writes.push(written);
    return written;
  }
}
