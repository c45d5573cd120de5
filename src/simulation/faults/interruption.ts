/**
 * Sessions are interrupted in their middle: right after so many answers of a server have reached the puller, and again and
 * again, so that a session may have to be resumed at each of its chunks.
 */

import { packer } from '../../adapters/msgpack-packer.ts';
import { decodeMessage } from '../../gossip/message-codec.ts';
import type { Message } from '../../gossip/messages.ts';
import { exponential, fractionIn, integerIn, oneOf } from '../streams.ts';
import type { Fault } from './faults.ts';
import { drawTwo } from './two-machines.ts';
import { whileDown } from './while-down.ts';

export interface Interruption {
  readonly puller: number;
  readonly server: number;
  /** So many answers get through each time. */
  readonly answers: number;
  readonly times: number;
  /** From the last answer: what it brought may be stored by then, or not. */
  readonly delayMs: number;
  /** What ends: the connection, or the process of one of the two. */
  readonly what: 'connection' | 'puller' | 'server';
  readonly forMs: number;
}

/** What a server of a session answers. */
const ANSWERS: ReadonlySet<Message['type']> = new Set<Message['type']>([
  'opened',
  'next-reply',
  'compared',
  'sums-reply',
  'list-reply',
  'fetch-reply',
]);

const RESTART_MS = 100;

export const interruption: Fault<Interruption> = {
  draw: (random, nodes) => {
    const [puller, server] = drawTwo(random, nodes);
    return {
      puller,
      server,
      answers: integerIn(random, 1, 6),
      times: integerIn(random, 1, 12),
      delayMs: fractionIn(random, 0, 1) < 0.5 ? 0 : exponential(random, 3),
      what: oneOf(random, ['connection', 'connection', 'puller', 'server'] as const),
      forMs: 30_000,
    };
  },
  inject: (scene, { puller: pullerNo, server: serverNo, answers, times, delayMs, what, forMs }) => {
    const { world, pending } = scene;
    const puller = world.machine(pullerNo);
    const server = world.machine(serverNo);
    let timesLeft = times;
    let answersLeft = answers;
    const interrupt = (): void => {
      if (what === 'connection') world.network.breakBetween(puller.name, server.name);
      else whileDown(scene, what === 'puller' ? puller : server, 'kill', RESTART_MS);
    };
    const unwatch = world.network.onDelivered((from, to, message) => {
      if (from !== server.name || to !== puller.name || timesLeft === 0) return;
      if (!ANSWERS.has(decodeMessage(message, packer).type) || --answersLeft > 0) return;
      answersLeft = answers;
      timesLeft--;
      pending.later(delayMs, interrupt);
    });
    pending.until(forMs, unwatch);
    return true;
  },
};
