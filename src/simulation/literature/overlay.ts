/** Clusters of peer samplers whose nodes are numbers: the production code, in cycles. */

import { Cyclon } from '../../membership/cyclon.ts';
import { HyParView, type HyParViewMessage } from '../../membership/hyparview.ts';
import type { Random } from '../../ports/random.ts';
import { integerIn } from '../streams.ts';

export interface Overlay {
  step(): void;
  kill(node: number): void;
  /** Whom a node knows, or keeps a link with; the dead among them until it notices. */
  viewOf(node: number): readonly number[];
}

/** Each node begins with one that was there before it. A shuffle with a dead one is not answered. */
export function cyclonOverlay(count: number, random: Random): Overlay {
  const dead = new Set<number>();
  const nodes = Array.from({ length: count }, (_, self) => {
    const node = new Cyclon({ self, nameOf: String, random });
    if (self > 0) node.introduce(integerIn(random, 0, self));
    return node;
  });
  return {
    kill: (node) => void dead.add(node),
    viewOf: (node) => (nodes[node] as Cyclon<number>).neighbours.map(({ peer }) => peer),
    step() {
      for (const [number, node] of nodes.entries()) {
        const shuffle = dead.has(number) ? undefined : node.begin();
        if (shuffle === undefined || dead.has(shuffle.with)) continue;
        node.complete(shuffle, (nodes[shuffle.with] as Cyclon<number>).answer(shuffle.offered));
      }
    },
  };
}

interface Sent {
  readonly from: number;
  readonly to: number;
  readonly message: HyParViewMessage<number>;
}

/** Nodes join one after the other. Links to dead nodes are noticed in the cycle after their death: they are connections. */
export function hyParViewOverlay(count: number, random: Random): Overlay {
  const dead = new Set<number>();
  const nodes: HyParView<number>[] = [];
  let onTheirWay: Sent[] = [];
  const at = (node: number): HyParView<number> => nodes[node] as HyParView<number>;
  const deliver = (): void => {
    while (onTheirWay.length > 0) {
      const sent = onTheirWay;
      onTheirWay = [];
      for (const { from, to, message } of sent) {
        if (!dead.has(to)) at(to).receive(from, message);
        else if (!dead.has(from)) at(from).failed(to);
      }
    }
  };
  for (let self = 0; self < count; self++) {
    const send = (to: number, message: HyParViewMessage<number>): void =>
      void onTheirWay.push({ from: self, to, message });
    const node = new HyParView<number>({ self, nameOf: String, random, send });
    nodes.push(node);
    if (self > 0) node.join(integerIn(random, 0, self));
    deliver();
  }
  return {
    kill: (node) => void dead.add(node),
    viewOf: (node) => at(node).active,
    step() {
      for (const [number, node] of nodes.entries()) {
        if (dead.has(number)) continue;
        for (const other of node.active) if (dead.has(other)) node.failed(other);
      }
      deliver();
      for (const [number, node] of nodes.entries()) {
        if (dead.has(number)) continue;
        node.cycle();
        deliver();
      }
    },
  };
}
