/** What the demo does, step by step. Each step fails with a sentence. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type DemoCluster, NAMES, TOMBSTONE_TTL_S } from './demo-cluster.ts';
import { importPlaces } from './import-places.ts';
import { STORE } from './node-process.ts';
import { lineOf, PLACES } from './places.ts';
import { kilobytes, megabytes, say, seconds, until } from './telling.ts';

const COUNTRY = 'GB';
const CONVERGE_MS = 60_000;

export async function startNodes(cluster: DemoCluster): Promise<void> {
  say('Three nodes start with empty folders. They reach each other through small proxies.');
  await Promise.all(NAMES.map((name) => cluster.start(name)));
  for (const node of cluster.nodes) say(`  ${node.name} listens on ${node.address}`);
}

export async function importAndKill(cluster: DemoCluster): Promise<void> {
  const payload = PLACES.reduce((sum, place) => sum + lineOf(place).length, 0);
  say(
    `${PLACES.length} places (${megabytes(payload)} of JSON) are imported into A. B and C follow meanwhile.`,
  );
  say('  At 40 % B is killed with SIGKILL, and started again from its folder.');
  const startedAt = performance.now();
  let restarted: Promise<void> | undefined;
  await importPlaces(cluster.node('A'), (fraction, tell) => {
    if (fraction >= 0.4) restarted ??= killAndRestart(cluster, tell);
  });
  const importedS = (performance.now() - startedAt) / 1000;
  await restarted;
  const rate = Math.round(PLACES.length / importedS);
  say(`  on disk at A after ${importedS.toFixed(1)} s (${rate} writes a second, each one durable)`);
  await expectEqual(cluster, PLACES.length);
  const rounds = await totalRounds(cluster);
  const wire = cluster.wireBytes();
  say(`  all three are equal ${seconds(startedAt)} after the beginning, ${rounds} rounds of gossip`);
  say(`  ${megabytes(wire)} went over the wire for two copies of ${megabytes(payload)}`);
}

export async function cutAndHeal(cluster: DemoCluster): Promise<void> {
  const [a, b, c] = [cluster.node('A'), cluster.node('B'), cluster.node('C')];
  say('C is cut off. Both sides go on taking writes, to the same keys, too.');
  cluster.cutOff('C');
  await until('C to notice', CONVERGE_MS, async () =>
    (await c.status()).peers.every(({ state }) => state !== 'connected'),
  );
  const keys = Array.from({ length: 100 }, (_, index) => `both/${index}`);
  for (const key of keys) await a.put(key, 'written at A');
  for (const key of keys) await c.put(key, 'written at C, later');
  for (const key of keys) await b.put(`only-b/${key}`, 'B');
  for (const key of keys) await c.put(`only-c/${key}`, 'C');
  say(`  meanwhile A reads "${String(await a.get('both/0'))}", C reads "${String(await c.get('both/0'))}"`);
  const wireBefore = cluster.wireBytes();
  const startedAt = performance.now();
  cluster.heal();
  await until('all to agree', CONVERGE_MS, async () => {
    const counts = await Promise.all(cluster.nodes.map((node) => node.count()));
    return counts.every((count) => count === PLACES.length + 300);
  });
  await expectEqual(cluster, PLACES.length + 300);
  for (const node of cluster.nodes) {
    for (const key of keys) {
      const value = await node.get(key);
      if (value !== 'written at C, later')
        throw new Error(`${node.name} holds ${String(value)} under ${key}`);
    }
  }
  say(`  healed: all three are equal after ${seconds(startedAt)}; the later write won everywhere`);
  say(`  ${kilobytes(cluster.wireBytes() - wireBefore)} went over the wire for 300 entries`);
}

/** Resolves to how many places are left. */
export async function deleteAndCollect(cluster: DemoCluster): Promise<number> {
  const keys = PLACES.filter(({ country }) => country === COUNTRY).map(({ cityId }) => String(cityId));
  const left = PLACES.length + 300 - keys.length;
  say(`The ${keys.length} places of ${COUNTRY} are deleted at A. Tombstones spread, and are collected`);
  say(`  ${TOMBSTONE_TTL_S} s later, which is short for the demo's sake.`);
  await deleteKeys(cluster.node('A').dir, keys);
  await cluster.node('A').syncAll(TOMBSTONE_TTL_S * 1000);
  const entries = async (): Promise<string> => {
    const statuses = await Promise.all(cluster.nodes.map((node) => node.status()));
    return statuses.map(({ nodeId, entries: count }) => `${nodeId} ${count}`).join(', ');
  };
  say(`  all have them; entries with tombstones: ${await entries()}`);
  await until('the tombstones to be collected', CONVERGE_MS, async () => {
    for (const node of cluster.nodes) await node.collect();
    const statuses = await Promise.all(cluster.nodes.map((node) => node.status()));
    return statuses.every((status) => status.entries === left);
  });
  say(`  collected; entries now: ${await entries()}`);
  const rounds = await totalRounds(cluster);
  await until('further rounds', CONVERGE_MS, async () => (await totalRounds(cluster)) >= rounds + 12);
  await expectEqual(cluster, left);
  say('  a dozen rounds later nothing has come back');
  return left;
}

export async function finish(cluster: DemoCluster, startedAt: number): Promise<void> {
  const exports = await Promise.all(cluster.nodes.map((node) => node.exportHash()));
  say('At the end:');
  for (const [index, node] of cluster.nodes.entries()) {
    const hash = exports[index]?.hash.slice(0, 16) ?? '';
    say(`  ${node.name}  ${await node.count()} entries, SHA-256 of the export ${hash}...`);
  }
  say(`  ${seconds(startedAt)}, ${megabytes(cluster.wireBytes())} over the wire, all equal`);
}

async function killAndRestart(cluster: DemoCluster, tell: (line: string) => void): Promise<void> {
  await cluster.node('B').signal('SIGKILL');
  const killedAt = performance.now();
  await cluster.start('B');
  tell(`  B was killed, and was back ${seconds(killedAt)} later with what it had acknowledged`);
}

/** Equal counts, and an equal hash of the full export. */
async function expectEqual(cluster: DemoCluster, count: number): Promise<void> {
  await until(`every node to hold ${count} entries`, CONVERGE_MS, async () => {
    const counts = await Promise.all(cluster.nodes.map((node) => node.count()));
    return counts.every((other) => other === count);
  });
  await cluster.node('A').syncAll(CONVERGE_MS);
  const exports = await Promise.all(cluster.nodes.map((node) => node.exportHash()));
  const hashes = new Set(exports.map(({ hash }) => hash));
  if (hashes.size > 1) throw new Error('the exports of the nodes differ, though their counts are equal');
}

async function totalRounds(cluster: DemoCluster): Promise<number> {
  const statuses = await Promise.all(cluster.nodes.map((node) => node.status()));
  return statuses.flatMap(({ peers }) => peers).reduce((sum, { rounds }) => sum + rounds, 0);
}

async function deleteKeys(dir: string, keys: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [STORE, 'del', '--data', dir, ...keys], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`store del ended with exit code ${code}`);
}
