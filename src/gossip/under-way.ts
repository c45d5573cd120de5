/** Work that runs, until it has ended: whoever stops waits for it. */

export class UnderWay {
  readonly #running = new Set<Promise<void>>();

  track<T>(work: Promise<T>): Promise<T> {
    const end = (): void => void this.#running.delete(settled);
    const settled: Promise<void> = work.then(end, end);
    this.#running.add(settled);
    return work;
  }

  /** Resolves when nothing runs, also of what is begun meanwhile. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
