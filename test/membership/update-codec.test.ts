import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeUpdates,
  encodeUpdates,
  isMemberAddress,
  updateBytes,
} from '../../src/membership/update-codec.ts';
import { memberUpdates } from './update-arbitraries.ts';

test('updates come back as they were', () => {
  fc.assert(
    fc.property(fc.array(memberUpdates, { maxLength: 5 }), (updates) => {
      expect(decodeUpdates(encodeUpdates(updates))).toEqual(updates);
    }),
  );
});

test('an update takes as many bytes as it is said to', () => {
  fc.assert(
    fc.property(memberUpdates, (update) => {
      expect(updateBytes(update)).toBe(encodeUpdates([update]).length);
    }),
  );
});

test('of an age the whole milliseconds travel', () => {
  const [update] = fc.sample(memberUpdates, { numRuns: 1 });
  if (update === undefined) throw new Error('there is no sample');
  for (const ageMs of [127.9, 128, 16_383, 16_384]) {
    const down = { ...update, status: 'down', accuser: undefined, ageMs } as const;
    expect(decodeUpdates(encodeUpdates([down]))[0]?.ageMs).toBe(Math.floor(ageMs));
    expect(updateBytes(down)).toBe(encodeUpdates([down]).length);
  }
});

test('what is read keeps nothing of the message in memory', () => {
  const [update] = fc.sample(memberUpdates, { numRuns: 1 });
  if (update === undefined) throw new Error('there is no sample');
  const bytes = encodeUpdates([{ ...update, metadata: Uint8Array.of(7) }]);
  const [read] = decodeUpdates(bytes);
  bytes.fill(0);
  expect(read?.metadata).toEqual(Uint8Array.of(7));
});

describe('an address', () => {
  test.each([
    '',
    'localhost:1',
    '10.0.0.1:65535',
    'a-b.c_d.example:7000',
    '[::1]:7000',
    '[fe80::1%eth0]:7000',
  ])('may be %j', (address) => {
    expect(isMemberAddress(address)).toBe(true);
  });

  test.each([
    'host',
    ':7000',
    'host:',
    'host:0',
    'host:07',
    'host:65536',
    'a b:1',
    '::1:7000',
    '[::1]',
    'h:1\n',
    'é:1',
  ])('may not be %j', (address) => {
    expect(isMemberAddress(address)).toBe(false);
  });
});
