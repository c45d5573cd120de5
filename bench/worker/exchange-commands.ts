/** What nodes say to each other, counted from inside one of them. */

import { setTimeout as pause } from 'node:timers/promises';
import { openNode, openStore } from 'boato';
import { keyAt, type SetName, valueAt } from '../harness/records.ts';
import { distinct } from './workload.ts';
import { opened } from './node-commands.ts';

const ROUND_INTERVAL_MS = 50;
const ROUNDS_MIN = 20;
const NEVER_MS = 1_000_000_000;

/** Bytes that one of two nodes got and sent. */
export interface Bytes {
  readonly received: number;
  readonly sent: number;
}

export const exchangeCommands = {
  /** Overwrites `count` random ones of the first `records` of the set at the node, each for itself. */
  async overwrite(set: SetName, records: number, count: number, round: number): Promise<void> {
    const node = opened();
    await Promise.all(
      distinct(round, records, count).map((index) => node.put(keyAt(set, index), valueAt(index, round))),
    );
  },

  /** With its peers, since it was opened. */
  async wireBytes(): Promise<Bytes> {
    const { peers } = await opened().status();
    return {
      received: peers.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0),
      sent: peers.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
    };
  },

  /** Opens the folder that often, puts one record, and closes it. */
  async restart(dir: string, set: SetName, times: number): Promise<void> {
    for (let index = 0; index < times; index++) {
      const store = await openStore({ dir, nodeId: 'a', durability: 'os' });
      await store.put(keyAt(set, index), valueAt(index));
      await store.close();
    }
  },

  /** Bytes a round of a node in `dir` that holds the same as its peer, over some rounds. */
  async idleBytes(dir: string, peer: string): Promise<Bytes> {
    const node = await openNode({
      dir,
      nodeId: 'b',
      peers: [peer],
      membership: false,
      gossipIntervalMs: ROUND_INTERVAL_MS,
      auditIntervalMs: NEVER_MS,
      scrubIntervalMs: NEVER_MS,
    });
    const look = async (): Promise<Bytes & { rounds: number }> => {
      const { peers } = await node.status();
      const [record] = peers;
      if (record === undefined) throw new Error('the node has no peer');
      return { rounds: record.rounds, received: record.bytesReceived, sent: record.bytesSent };
    };
    try {
      for (let inSync = 0; inSync === 0;) ({ inSync } = await node.sync());
      const before = await look();
      let after = before;
      while (after.rounds < before.rounds + ROUNDS_MIN) {
        await pause(ROUND_INTERVAL_MS);
        after = await look();
      }
      const rounds = after.rounds - before.rounds;
      return {
        received: (after.received - before.received) / rounds,
        sent: (after.sent - before.sent) / rounds,
      };
    } finally {
      await node.close();
    }
  },
};
