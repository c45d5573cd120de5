import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { FRAME_HEADER_BYTES } from '../../src/core/limits.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { MemberMessage } from '../../src/membership/member-messages.ts';
import type { Update } from '../../src/membership/member.ts';
import { encodeUpdates, UPDATES_BYTES_MAX } from '../../src/membership/update-codec.ts';
import { hex, nodeId, unhex } from '../support/codec-arbitraries.ts';

/** The grammar, in one line. */
const PROTOCOL = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8').replaceAll(
  /\s+/g,
  ' ',
);

const UP: Update = {
  nodeId: nodeId('a'),
  incarnation: 5,
  status: 'up',
  address: 'h:1',
  version: '1',
  protocolVersion: 2,
  metadata: Uint8Array.of(9),
  accuser: undefined,
  ageMs: 0,
};
const SUSPECT: Update = { ...UP, status: 'suspect', accuser: nodeId('b') };
const DOWN: Update = { ...UP, status: 'down', ageMs: 200 };
const UP_BYTES = '0161 05 00 03683a31 0131 02 0109';
const SUSPECT_BYTES = '0161 05 01 03683a31 0131 02 0109 0162';
const DOWN_BYTES = '0161 05 02 03683a31 0131 02 0109 c801';

describe('on the wire', () => {
  test('a probe of a member of whom nothing is to tell takes 12 bytes each way, frames included', () => {
    const sizes = (['ping', 'ack'] as const).map(
      (type) => FRAME_HEADER_BYTES + encodeMessage({ type, sequence: 0xffff, updates: [] }, packer).length,
    );
    expect(sizes).toMatchInlineSnapshot(`
      [
        12,
        12,
      ]
    `);
  });

  // For each rule of docs/PROTOCOL.md a message and its bytes.
  const pinned: Record<string, [MemberMessage, string]> = {
    'ping = [30, sequence, updates]': [
      { type: 'ping', sequence: 7, updates: [UP] },
      `93 1e 07 c40d ${UP_BYTES}`,
    ],
    'ack = [31, sequence, updates]': [
      { type: 'ack', sequence: 0xffff, updates: [SUSPECT] },
      `93 1f cdffff c40f ${SUSPECT_BYTES}`,
    ],
    'ping-request = [32, sequence, target: name, timeoutMs: 0..540 000, updates]': [
      { type: 'ping-request', sequence: 7, target: nodeId('c'), timeoutMs: 540_000, updates: [] },
      '95 20 07 a163 ce00083d60 c400',
    ],
    'nack = [33, sequence]': [{ type: 'nack', sequence: 7 }, '92 21 07'],
    'members-digest = [34, digest: uint32]': [
      { type: 'members-digest', digest: 0xffff_ffff },
      '92 22 ceffffffff',
    ],
    'members = [35, sequence, after: name or "", isLast: boolean, updates]': [
      { type: 'members', sequence: 7, after: '', isLast: false, records: [DOWN] },
      `95 23 07 a0 c2 c40f ${DOWN_BYTES}`,
    ],
    'members-reply = [36, sequence, isCut: boolean, updates]': [
      { type: 'members-reply', sequence: 7, isCut: true, records: [UP] },
      `94 24 07 c3 c40d ${UP_BYTES}`,
    ],
  };
  test.each(Object.entries(pinned))('%s', (rule, [message, expected]) => {
    expect(PROTOCOL).toContain(rule);
    expect(hex(encodeMessage(message, packer))).toBe(expected.replaceAll(' ', ''));
    expect(decodeMessage(unhex(expected), packer)).toEqual(message);
  });
});

describe('a message of members is refused', () => {
  const updates = (...some: Update[]): Uint8Array => encodeUpdates(some);
  const of = (facts: object): Uint8Array => updates({ ...UP, ...facts });
  const second = { ...UP, nodeId: nodeId('b') };
  const cases: Record<string, [unknown, string]> = {
    'of the number behind the last': [[37], 'a message of unknown type'],
    'of the number before the first': [[29], 'a message of unknown type'],
    'with a sequence of more than 16 bits': [[30, 0x1_0000, updates()], 'not at most 65535'],
    'with more bytes of updates than a list has': [
      [30, 1, new Uint8Array(UPDATES_BYTES_MAX + 1)],
      'not at most 32768 bytes',
    ],
    'with half an update': [[30, 1, updates(UP).subarray(0, -1)], 'the end came too early'],
    'with a name that is none': [[30, 1, of({ nodeId: 'a b' })], 'a member whose name is none'],
    'with a name of 65 characters': [[30, 1, of({ nodeId: 'n'.repeat(65) })], 'more than 64 bytes'],
    'with a status behind the last': [[30, 1, unhex('0161 05 05 00 00 02 00')], 'unknown status'],
    'with an address without a port': [[30, 1, of({ address: 'host' })], 'whose address is none'],
    'with an address at port 0': [[30, 1, of({ address: 'host:0' })], 'whose address is none'],
    'with an address at a port above 65,535': [
      [30, 1, of({ address: 'host:65536' })],
      'whose address is none',
    ],
    'with an address that clears the terminal': [
      [30, 1, of({ address: '\u001b[2J:1' })],
      'whose address is none',
    ],
    'with an address of 262 bytes': [[30, 1, of({ address: `${'h'.repeat(260)}:1` })], 'more than 261 bytes'],
    'with a version of 33 bytes': [[30, 1, of({ version: 'v'.repeat(33) })], 'more than 32 bytes'],
    'with a version of two words': [[30, 1, of({ version: '1 2' })], 'whose version is none'],
    'with 513 bytes of metadata': [[30, 1, of({ metadata: new Uint8Array(513) })], 'more than 512 bytes'],
    'of a suspect whom nobody accuses': [
      [30, 1, of({ status: 'suspect', accuser: '' })],
      'a member whose name is none',
    ],
    'to a helper that should wait for longer than nine minutes': [
      [32, 1, 'a', 540_001, updates()],
      'not at most 540000',
    ],
    'with a page that begins behind no name': [[35, 1, 'a b', true, updates()], 'not a name, or empty'],
    'with a page in another order than of names': [[35, 1, '', true, updates(second, UP)], 'out of order'],
    'with a member twice on a page': [[35, 1, '', true, updates(UP, UP)], 'out of order'],
    'with a member before the begin of the page': [[35, 1, 'a', true, updates(UP)], 'out of order'],
    'with an empty page that is not the last': [[35, 1, '', false, updates()], 'without an end'],
    'with an answer that is cut before its first record': [[36, 1, true, updates()], 'without an end'],
    'with an answer in another order than of names': [[36, 1, false, updates(second, UP)], 'out of order'],
  };
  test.each(Object.entries(cases))('%s', (_, [tree, reason]) => {
    const decode = (): unknown => decodeMessage(packer.pack(tree), packer);
    expect(decode).toThrow(MalformedBytes);
    expect(decode).toThrow(reason);
  });
});
