/** An exchange between two nodes that average, as positions (`docs/PROTOCOL.md`, "Aggregates"). */

import type { AggregateReply, AggregateRequest } from './aggregate-messages.ts';
import type { Share } from './aggregate.ts';
import type { CodecsOf } from './codec.ts';
import { type Fields, NUMBER_MAX } from './validated-fields.ts';

export const AGGREGATE_CODECS: CodecsOf<AggregateRequest | AggregateReply> = {
  aggregate: {
    number: 44,
    positions: ({ request, name, asker, epoch, ageMs, number, applied, share }) => {
      return [request, name, asker, epoch, ageMs, number, applied, ...sharePositions(share)];
    },
    read: (fields) => ({
      type: 'aggregate',
      request: fields.uint32(),
      name: fields.name(),
      asker: fields.name(),
      epoch: fields.uint32(),
      ageMs: fields.count(),
      number: fields.uint32(),
      applied: fields.uint32(),
      share: readShare(fields),
    }),
  },
  'aggregate-reply': {
    number: 45,
    positions: ({ request, share }) => [request, ...(share === undefined ? [] : sharePositions(share))],
    read: (fields) => ({
      type: 'aggregate-reply',
      request: fields.uint32(),
      share: fields.hasMore ? readShare(fields) : undefined,
    }),
  },
};

function readShare(fields: Fields): Share {
  const mass = { sum: fields.number(), contributors: fields.number(), weight: fields.number() };
  return { ...mass, ...fields.extremes() };
}

function sharePositions({ sum, contributors, weight, minimum, maximum }: Share): readonly unknown[] {
  return [travelling(sum), travelling(contributors), travelling(weight), minimum, maximum];
}

/** What a peer that lies has made too large must not make the bytes of this node malformed. */
function travelling(number: number): number {
  return Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, number));
}
