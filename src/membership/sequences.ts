/** Numbers of probes, of this node's own and of those that it makes for others. */

/** Two bytes on the wire. Those that wait for an answer at one time are far fewer. Part of the protocol. */
export const SEQUENCE_MAX = 0xffff;

export class Sequences {
  #last = 0;

  next(): number {
    this.#last = (this.#last % SEQUENCE_MAX) + 1;
    return this.#last;
  }
}
