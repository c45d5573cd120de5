/** The first message on a connection, and the last one, as positions (`docs/PROTOCOL.md`, "Hello and reject"). */

import { MalformedBytes } from '../core/byte-reader.ts';
import { PORT_MAX } from '../core/host.ts';
import type { CodecsOf } from './codec.ts';
import type { GreetingMessage, Hello, RejectCode } from './greeting-messages.ts';
import { commonVersion, rangeOf, SPOKEN } from './handshake.ts';
import { CONTACT_SINCE } from './protocol-version.ts';
import { cleanReason, type Fields } from './validated-fields.ts';

const REJECT_CODES: readonly RejectCode[] = [
  'protocol-version',
  'cluster',
  'certificate',
  'same-node',
  'same-name',
  'retired',
  'misbehaved',
  'shutdown',
  'other',
];

/** Their numbers are the same in all versions of the protocol. */
export const GREETING_CODECS: CodecsOf<GreetingMessage> = {
  hello: {
    number: 1,
    positions: (hello) => {
      const { newestVersion, clusterId, nodeId, oldestVersion, bootNonce, settings } = hello;
      const names = [newestVersion, clusterId, nodeId, oldestVersion];
      const { tombstoneTtlMs, maxDriftMs } = settings;
      return [...names, bootNonce, tombstoneTtlMs, maxDriftMs, ...contactPositions(hello)];
    },
    read: readHello,
  },
  reject: {
    number: 2,
    positions: ({ code, reason }) => [code, cleanReason(reason)],
    read: (fields) => ({
      type: 'reject',
      code: fields.knownCode(REJECT_CODES, 'other'),
      reason: fields.reason(),
    }),
  },
};

/** A hello of a node that speaks a later version, too, may go on as that version likes. */
export function isWhole(hello: Hello): boolean {
  return hello.newestVersion === commonVersion(SPOKEN, rangeOf(hello));
}

/** Of a node with which no version is common only what all versions share is read: enough to refuse it by name. */
function readHello(fields: Fields): Hello {
  const newestVersion = fields.uint32();
  const names = { clusterId: fields.name() as string, nodeId: fields.name() };
  const oldestVersion = fields.uint32();
  if (oldestVersion > newestVersion) throw new MalformedBytes('a range of versions that holds none');
  const told = { type: 'hello', newestVersion, oldestVersion, ...names } as const;
  if (commonVersion(SPOKEN, rangeOf(told)) === undefined)
    return { ...told, bootNonce: 0, settings: { tombstoneTtlMs: 0, maxDriftMs: 0 } };
  const bootNonce = fields.uint32();
  const settings = { tombstoneTtlMs: fields.count(), maxDriftMs: fields.count() };
  if (newestVersion < CONTACT_SINCE) return { ...told, bootNonce, settings };
  const host = fields.host();
  const port = fields.upTo(PORT_MAX);
  const contact = { host, port, seenHost: fields.host(), startedMs: fields.count() };
  return { ...told, bootNonce, settings, contact };
}

/** Positions that version 2 has added. */
function contactPositions({ newestVersion, contact }: Hello): readonly unknown[] {
  if (newestVersion < CONTACT_SINCE || contact === undefined) return [];
  const { host, port, seenHost, startedMs } = contact;
  return [host, port, seenHost, Math.floor(startedMs)];
}
