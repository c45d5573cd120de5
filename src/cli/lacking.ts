/** Whoever reads a folder in which damage was found is told that something may be missing: nothing else would show it. */

import type { Store } from '../node/api.ts';

export async function tellLacking(store: Store): Promise<void> {
  const { warnings } = await store.status();
  if (!warnings.some(({ code }) => code === 'DAMAGED' || code === 'HEALING')) return;
  process.stderr.write(
    'store: This store may lack entries: damage was found, or some were taken out, and its node has not asked all peers for what they have (`store serve` does).\n',
  );
}
