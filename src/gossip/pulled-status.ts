/** What is shown of the sessions in which this node pulls. */

import type { NodeId } from '../core/actor.ts';
import type { Replica, SessionOrder } from '../ports/replica.ts';
import type { ComparisonCounts } from './comparison.ts';
import type { Puller } from './puller.ts';

export interface PulledStatus {
  readonly peer: NodeId;
  readonly order: SessionOrder;
  /** `set-aside`: it goes on when its peer is next pulled from. `comparing`: `entries` are those that were taken. */
  readonly state: 'running' | 'set-aside' | 'comparing';
  readonly entries: number;
  readonly bytes: number;
  /** Of a comparison. */
  readonly compared?: ComparisonCounts;
}

/** At most one runs, others are set aside. */
export async function pulledStatuses(replica: Replica, puller: Puller): Promise<readonly PulledStatus[]> {
  const stored = await replica.storedSessions();
  const { running } = puller;
  const compared = running?.session.compared;
  const others = stored.filter(({ peer }) => compared === undefined || peer !== running?.peer);
  const pulled = others.map(({ peer, order, entries, bytes }): PulledStatus => {
    const state = running?.peer === peer ? 'running' : 'set-aside';
    return { peer, order, state, entries, bytes };
  });
  if (running === undefined || compared === undefined) return pulled;
  const { peer, session } = running;
  const entries = session.entries + compared.taken;
  const status = { peer, order: 'version', state: 'comparing', entries, bytes: session.bytes } as const;
  return [...pulled, { ...status, compared: { ...compared } }];
}
