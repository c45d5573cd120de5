/** What `test/fixtures/power-loss-writer.mjs` says of its writes, and whether a store has what it must. */

import assert from 'node:assert/strict';
import { openStore } from '../../../src/index.ts';

type Content = string | null;
type Changes = Readonly<Record<string, Content>>;

interface Known {
  readonly acknowledged: Content;
  /** Begun after that: each may be there, or not. */
  readonly begun: readonly Content[];
}

export class Acknowledged {
  readonly #known = new Map<string, Known>();

  /** A line of the writer. */
  readonly hear = (line: string): void => {
    const said = JSON.parse(line) as { readonly begun?: Changes; readonly acknowledged?: Changes };
    for (const [key, value] of Object.entries(said.begun ?? {})) {
      const { acknowledged = null, begun = [] } = this.#known.get(key) ?? {};
      this.#known.set(key, { acknowledged, begun: [...begun, value] });
    }
    for (const [key, value] of Object.entries(said.acknowledged ?? {}))
      this.#known.set(key, { acknowledged: value, begun: [] });
  };

  get keys(): number {
    return this.#known.size;
  }

  /** The store in `dir` opens, has all that was acknowledged, is sound, and takes writes. */
  async expectIn(dir: string): Promise<void> {
    const store = await openStore({ dir });
    try {
      const wrong: unknown[] = [];
      for (const [key, { acknowledged, begun }] of this.#known) {
        const value = ((await store.get(key)) ?? null) as Content;
        if (![acknowledged, ...begun].includes(value)) wrong.push({ key, acknowledged, begun, value });
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual((await store.verify()).problems, []);
      await store.put('after', 'the fault');
      assert.equal(await store.get('after'), 'the fault');
    } finally {
      await store.close();
    }
  }
}
