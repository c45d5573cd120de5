/**
 * The lift-sharing board of "Gossip protocol" (Wikipedia): drivers offer seats, offers spread from node to node, and there is
 * no server in the middle. An offer expires by itself at its departure, on every node and without a message; one that is
 * cancelled before is updated, so that those who saw it learn why. Only its driver changes an offer.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Node, openNode, typed, type TypedStore } from 'boato';
import * as v from 'valibot';

const Offer = v.variant('state', [
  v.object({
    state: v.literal('open'),
    from: v.string(),
    to: v.string(),
    seats: v.number(),
    departs: v.date(),
  }),
  v.object({ state: v.literal('cancelled'), from: v.string(), to: v.string(), why: v.string() }),
]);
type Board = TypedStore<v.InferInput<typeof Offer>, v.InferOutput<typeof Offer>>;

function boardOf(node: Node): Board {
  return typed(node, { prefix: 'lift/', schema: Offer });
}

/** Keys begin with the route, so that a search reads what it shows and no more. */
async function offer(board: Board, driver: string, from: string, to: string, departs: Date): Promise<string> {
  const value = { state: 'open', from, to, seats: 3, departs } as const;
  const { token } = await board.put(`${from}/${to}/${driver}`, value, { expiresAt: departs.getTime() });
  return token;
}

/** The cancellation expires with the offer: the board keeps itself clean. */
async function cancel(board: Board, key: string, why: string): Promise<string | undefined> {
  const found = await board.getEntry(key);
  if (found === undefined || found.value.state !== 'open') return undefined;
  const { from, to, departs } = found.value;
  const options = { ifVersion: found, expiresAt: departs.getTime() };
  return (await board.put(key, { state: 'cancelled', from, to, why }, options)).token;
}

/** Once the node of the board has seen the write of the token `after`. */
async function show(board: Board, from: string, to: string, after = '0'): Promise<void> {
  const lines: string[] = [];
  for await (const { key, value } of board.entries({ prefix: `${from}/${to}/`, after })) {
    const driver = key.split('/')[2];
    lines.push(
      value.state === 'open' ? `${driver} (${value.seats} seats)` : `${driver} (cancelled: ${value.why})`,
    );
  }
  console.log(`${from} to ${to}: ${lines.length === 0 ? 'nobody' : lines.join(', ')}`);
}

const dir = await mkdtemp(join(tmpdir(), 'lift-sharing-'));
const ana = await openNode({ dir: join(dir, 'ana'), nodeId: 'ana' });
const rui = await openNode({ dir: join(dir, 'rui'), nodeId: 'rui', peers: [ana.address] });
// Eva is told of Rui only, and hears of Ana from him.
const eva = await openNode({
  dir: join(dir, 'eva'),
  nodeId: 'eva',
  peers: [rui.address],
  gossipIntervalMs: 100,
});
try {
  const tomorrow = new Date(Date.now() + 86_400_000);
  const offered = await offer(boardOf(ana), 'ana', 'Porto', 'Lisboa', tomorrow);
  await show(boardOf(eva), 'Porto', 'Lisboa', offered);

  const soon = new Date(Date.now() + 2000);
  const brief = await offer(boardOf(rui), 'rui', 'Porto', 'Lisboa', soon);
  await show(boardOf(rui), 'Porto', 'Lisboa', offered);

  const cancelled = await cancel(boardOf(ana), 'Porto/Lisboa/ana', 'the car is broken');
  await boardOf(eva).count({ after: brief });
  await new Promise((resolve) => setTimeout(resolve, soon.getTime() - Date.now() + 1));
  await show(boardOf(eva), 'Porto', 'Lisboa', cancelled);
  await show(boardOf(eva), 'Lisboa', 'Faro');
} finally {
  await Promise.all([ana.close(), rui.close(), eva.close()]);
  await rm(dir, { recursive: true });
}
