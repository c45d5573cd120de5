/** Which nodes of a graph hang together: disjoint sets, joined (Tarjan 1975). */

export class Components {
  readonly #parents: Int32Array;
  readonly #sizes: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, at) => at);
    this.#sizes = new Int32Array(count).fill(1);
  }

  join(one: number, other: number): void {
    const [a, b] = [this.#root(one), this.#root(other)];
    if (a === b) return;
    this.#parents[b] = a;
    this.#sizes[a] = (this.#sizes[a] as number) + (this.#sizes[b] as number);
  }

  largest(): number {
    return Math.max(...this.#sizes);
  }

  #root(of: number): number {
    let at = of;
    while (this.#parents[at] !== at) {
      this.#parents[at] = this.#parents[this.#parents[at] as number] as number;
      at = this.#parents[at] as number;
    }
    return at;
  }
}
