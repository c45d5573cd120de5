/** Peers that wait to be pulled from: one at a time over all of them (R3), each of them waiting once. */

export class PullQueue<T> {
  readonly #waitingByPeer = new Map<string, Promise<T>>();
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * `peer`: its name, or any other that is its own. Runs `pull`, which must not fail, when its turn comes. A peer that
   * waits already has one turn; a peer that is being pulled from has another, because it may have more by then.
   */
  add(peer: string, pull: () => Promise<T>): Promise<T> {
    const waiting = this.#waitingByPeer.get(peer);
    if (waiting !== undefined) return waiting;
    const result = this.#turn.then(() => {
      this.#waitingByPeer.delete(peer);
      return pull();
    });
    this.#waitingByPeer.set(peer, result);
    this.#turn = result;
    return result;
  }

  /** Resolves when nobody is being pulled from, or waits to be. */
  async idle(): Promise<void> {
    for (let turn; turn !== this.#turn;) {
      turn = this.#turn;
      await turn;
    }
  }
}
