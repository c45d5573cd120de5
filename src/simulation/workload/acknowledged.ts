/** Writes that wait for other nodes (write concern): what they are told must be true of disks, be it enough or too little. */

import type { Random } from '../../ports/random.ts';
import { TooFewAcksError } from '../../node/write-concern.ts';
import type { Machine } from '../machine.ts';
import type { Profile } from '../profile.ts';
import type { Scene } from '../scene.ts';
import { exponential, integerIn, isChosen } from '../streams.ts';
import { drawBatch, drawDeletion, drawPut } from './single.ts';
import { dotsOf, type DrawnWrite, request, write } from './writing.ts';

export interface Acknowledged {
  readonly kind: 'acknowledged';
  readonly writes: readonly DrawnWrite[];
  /** There may be fewer nodes. */
  readonly acks: number;
  readonly timeoutMs: number;
}

const ACKS_MAX = 4;
const TIMEOUT_MEAN_MS = 3000;

export function drawAcknowledged(random: Random, profile: Profile): Acknowledged {
  const draw = isChosen(random, 0.6) ? drawPut : isChosen(random, 0.5) ? drawDeletion : drawBatch;
  return {
    kind: 'acknowledged',
    writes: draw(random, profile).writes,
    acks: integerIn(random, 2, ACKS_MAX + 1),
    timeoutMs: Math.round(10 + exponential(random, TIMEOUT_MEAN_MS)),
  };
}

/** Resolves to whether so many nodes acknowledged it; `undefined`: it was not written, as far as is known. */
export async function acknowledged(
  scene: Scene,
  machine: Machine,
  { writes, acks, timeoutMs }: Omit<Acknowledged, 'kind'>,
): Promise<boolean | undefined> {
  const { world, checker } = scene;
  const askedAtMs = world.time.nowMs;
  let isEnough: boolean | undefined;
  await write(scene, machine, writes, async (node, operations) => {
    const result = await request(node, operations, { acks, timeoutMs }).catch((error: unknown) => {
      if (error instanceof TooFewAcksError) return error.result;
      throw error;
    });
    isEnough = result.acks >= acks;
    scene.count(isEnough ? 'acknowledged' : 'tooFewAcks');
    const dots = dotsOf(result);
    const held = dots.map((dot, at) => ({ dot, key: writes[at]?.key ?? '' }));
    await checker.acks.check(machine, { held, acks: result.acks, askedAtMs });
    world.events.note(machine.name, `${result.acks} of ${acks} nodes hold it`);
    return dots;
  });
  return isEnough;
}
