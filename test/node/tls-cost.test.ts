/** What TLS adds to what nodes say to each other, counted on the wire. */

import { afterAll, expect, onTestFinished, test } from 'vitest';
import { TestAuthority, tlsOptions } from '../support/certificates.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.ts';
import { temporaryNode } from './temporary-store.ts';

const SYNCS = 21;

const folder = await makeTemporaryFolder();
afterAll(() => removeFolder(folder));
const authority = await TestAuthority.make(folder);

interface Cost {
  /** Of connecting, and of a round after it; to the one that was dialled, and from it. */
  readonly connecting: readonly [number, number];
  readonly round: readonly [number, number];
}

async function costOf(withTls: boolean): Promise<Cost> {
  const tlsOf = async (node: string) => (withTls ? tlsOptions(await authority.issue(node)) : {});
  // Probes come when they come.
  const a = await temporaryNode({ nodeId: 'a', membership: false, ...(await tlsOf('a')) });
  await a.put('k', 1);
  const proxy = await startFaultProxy({ target: a.address });
  onTestFinished(() => proxy.close());
  const b = await temporaryNode({ nodeId: 'b', peers: [proxy.address], ...(await tlsOf('b')) });
  // Until neither has anything new for the other, so that rounds are idle.
  while ((await b.sync()).inSync === 0 || (await a.status()).contextHash !== (await b.status()).contextHash);
  await b.sync({ wait: true, timeoutMs: 10_000 });
  const connecting = countOf(proxy);
  const costs: (readonly [number, number])[] = [];
  for (let sync = 0; sync < SYNCS; sync++) {
    const before = countOf(proxy);
    await b.sync();
    const after = countOf(proxy);
    costs.push([after[0] - before[0], after[1] - before[1]]);
  }
  // A sync asks twice: after its round it asks whether the peer holds the same.
  return {
    connecting,
    round: [median(costs.map(([to]) => to)) / 2, median(costs.map(([, from]) => from)) / 2],
  };
}

/** Into some syncs falls what the other one asks by itself. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function countOf({ bytesToTarget, bytesFromTarget }: FaultProxy): readonly [number, number] {
  return [bytesToTarget, bytesFromTarget];
}

test('a round of nodes that hold the same takes under 100 bytes each way, with TLS, too (P6)', async () => {
  const [plain, tls] = [await costOf(false), await costOf(true)];
  for (const bytes of tls.round) expect(bytes).toBeLessThan(100);
  // One record for a message: its header, its type and its tag.
  expect(tls.round.map((bytes, at) => bytes - (plain.round[at] ?? 0))).toEqual([22, 22]);
  // Node 24 offers keys that quantum computers do not break, too: a kilobyte more each way.
  for (const [at, bytes] of tls.connecting.entries())
    expect(bytes - (plain.connecting[at] ?? 0)).toBeLessThan(5000);
});
