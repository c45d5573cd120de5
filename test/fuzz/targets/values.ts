/** Values that peers sent, read by hand from msgpack. */

import { packValue, unpackValue } from '../../../src/adapters/value-codec.ts';
import { checkRoundTrip, failsWith, type Target, utf8 } from '../target.ts';

const VALUES: readonly unknown[] = [
  null,
  true,
  -33,
  70_000,
  1.5,
  2n ** 63n,
  -(2n ** 40n),
  '',
  'é'.repeat(40),
  Uint8Array.of(1, 2, 3),
  new Date(1_790_000_000_123),
  new Date(-1),
  [1, [2, [3]], {}],
  { name: 'Lisboa', nested: { list: ['a', null, 0.1] } },
  Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`key ${at}`, at])),
];

export const value: Target = {
  run: (input) =>
    void checkRoundTrip(input, {
      decode: unpackValue,
      encode: packValue,
      refuses: failsWith('RECORD_DAMAGED'),
    }),
  seeds: () => Object.fromEntries(VALUES.map((one, at) => [`value ${at}`, new Uint8Array(packValue(one))])),
  dictionary: [
    Uint8Array.of(0xa9, ...utf8('__proto__')),
    Uint8Array.of(0xd6, 0xff),
    Uint8Array.of(0xd7, 0xff),
    Uint8Array.of(0xc7, 12, 0xff),
    Uint8Array.of(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(0xa3, 0xef, 0xbb, 0xbf),
  ],
};
