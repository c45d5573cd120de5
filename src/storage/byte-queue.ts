/** Bytes that come in chunks and are taken in other lengths, copied at most once. */

export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The first `count` bytes, left where they are; `undefined` if there are not so many. */
  peek(count: number): Uint8Array | undefined {
    if (count > this.#length) return undefined;
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= count) return first.subarray(0, count);
    const joined = new Uint8Array(count);
    let at = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, count - at);
      joined.set(part, at);
      at += part.length;
      if (at === count) break;
    }
    return joined;
  }

  take(count: number): Uint8Array | undefined {
    const taken = this.peek(count);
    if (taken === undefined) return undefined;
    let left = count;
    let whole = 0;
    while (left > 0 && left >= (this.#chunks[whole] as Uint8Array).length) {
      left -= (this.#chunks[whole] as Uint8Array).length;
      whole++;
    }
    this.#chunks.splice(0, whole);
    if (left > 0) this.#chunks[0] = (this.#chunks[0] as Uint8Array).subarray(left);
    this.#length -= count;
    return taken;
  }
}
