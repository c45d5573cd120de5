/** Bounds what is written at once: in number, in bytes, and to one write for a key. */

export class WritesInFlight {
  readonly #writesMax: number;
  readonly #bytesMax: number;
  readonly #writeByKey = new Map<string, Promise<void>>();
  #bytes = 0;
  #wake: (() => void) | undefined;

  /** One write of more than `bytesMax` is let through alone. */
  constructor(writesMax: number, bytesMax: number) {
    this.#writesMax = writesMax;
    this.#bytesMax = bytesMax;
  }

  keys(): readonly string[] {
    return [...this.#writeByKey.keys()];
  }

  /** Resolves when a write of `key` may begin. To be awaited by one caller at a time. */
  async roomFor(key: string, bytes: number): Promise<void> {
    await this.#writeByKey.get(key);
    while (
      this.#writeByKey.size >= this.#writesMax ||
      (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax)
    ) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** `write` must not reject. */
  add(key: string, bytes: number, write: Promise<void>): void {
    this.#bytes += bytes;
    const ended = write.finally(() => {
      this.#writeByKey.delete(key);
      this.#bytes -= bytes;
      this.#wake?.();
      this.#wake = undefined;
    });
    this.#writeByKey.set(key, ended);
  }

  /** Resolves when all writes have ended that are in flight now. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#writeByKey.values());
  }
}
