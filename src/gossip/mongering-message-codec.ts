/** News, and what a peer says to them, as positions (`docs/PROTOCOL.md`, "Rumours" and "Events"). */

import { FRAME_BYTES_MAX } from '../core/limits.ts';
import type { CodecsOf } from './codec.ts';
import { EVENTS_MAX, packEvents, unpackEvents } from './event-codec.ts';
import type { MongeringReply, MongeringRequest } from './mongering-messages.ts';
import { RUMOURS_MAX } from './rumour-codec.ts';

export const MONGERING_CODECS: CodecsOf<MongeringRequest | MongeringReply> = {
  rumours: {
    number: 25,
    positions: ({ request, rows, entries, steps, wallMs }) => {
      return [request, rows, entries, steps, Math.floor(wallMs)];
    },
    read: (fields) => ({
      type: 'rumours',
      request: fields.uint32(),
      rows: fields.bytes(FRAME_BYTES_MAX),
      entries: fields.bytes(FRAME_BYTES_MAX),
      steps: fields.bytes(FRAME_BYTES_MAX),
      wallMs: fields.count(),
    }),
  },
  'rumours-reply': {
    number: 26,
    positions: ({ request, feedback }) => [request, feedback],
    read: (fields) => ({
      type: 'rumours-reply',
      request: fields.uint32(),
      feedback: fields.bytes(RUMOURS_MAX),
    }),
  },
  events: {
    number: 38,
    positions: ({ request, events }) => [request, packEvents(events)],
    read: (fields) => ({
      type: 'events',
      request: fields.uint32(),
      events: unpackEvents(fields.bytes(FRAME_BYTES_MAX)),
    }),
  },
  'events-reply': {
    number: 39,
    positions: ({ request, feedback }) => [request, feedback],
    read: (fields) => ({
      type: 'events-reply',
      request: fields.uint32(),
      feedback: fields.bytes(EVENTS_MAX),
    }),
  },
};
