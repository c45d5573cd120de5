/** A node under attack, and an honest peer of it: whatever the attack, the two go on. */

import { expect, vi } from 'vitest';
import type { Node, NodeOptions } from '../../src/index.ts';
import { temporaryNode } from '../node/temporary-store.ts';
import { CLUSTER_ID } from './hostile-peer.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };

export interface Attacked {
  readonly node: Node;
  readonly honest: Node;
  /** Writes at both are read there, and arrive at the other; all that was written before is there. */
  readonly expectUndisturbed: () => Promise<void>;
}

export async function attackedNode(options: Partial<NodeOptions> = {}): Promise<Attacked> {
  const node = await temporaryNode({ nodeId: 'attacked', clusterId: CLUSTER_ID, ...options });
  const honest = await temporaryNode({ nodeId: 'honest', clusterId: CLUSTER_ID, peers: [node.address] });
  let count = 0;
  const expectUndisturbed = async (): Promise<void> => {
    count++;
    await node.put(`local ${count}`, count);
    await honest.put(`honest ${count}`, count);
    expect(await node.get(`local ${count}`)).toBe(count);
    // A node that was told that it is damaged serves nobody for a moment.
    await vi.waitFor(async () => {
      expect(await honest.sync({ wait: true })).toMatchObject({ peers: 1, inSync: 1 });
      for (let at = 1; at <= count; at++)
        for (const one of [node, honest])
          expect([await one.get(`local ${at}`), await one.get(`honest ${at}`)]).toEqual([at, at]);
    }, PATIENCE);
  };
  await expectUndisturbed();
  return { node, honest, expectUndisturbed };
}
