import { describe, expect, test } from 'vitest';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { decodeEntry } from '../../src/storage/entry-record.ts';
import { decodeState } from '../../src/storage/meta-record.ts';
import { decodeSegment } from '../../src/storage/segment-record.ts';
import { decodeHead } from '../../src/storage/session-record.ts';
import { unhex } from '../support/codec-arbitraries.ts';

const VERSION = '0000000000000010';
const LARGEST = 'ffffffffffffff0f';
const STATE = `${VERSION} ${VERSION} 01 ${VERSION} 01 ${VERSION} 02 00`;

describe('a record whose checksum is right, and which nothing here has written, is damaged:', () => {
  test.each([
    ['an entry with unknown flags', decodeEntry, `10 ${VERSION} 01 00`],
    ['a tombstone with a value', decodeEntry, `01 ${VERSION} 01 01 61`],
    ['a tombstone that expires', decodeEntry, `03 ${VERSION} 01 ${VERSION} 00`],
    ['a large value that would have its place in the entry', decodeEntry, `04 ${VERSION} 01 05`],
    ['a value of 2^53 - 1 bytes', decodeEntry, `04 ${VERSION} 01 ${LARGEST}`],
    ['a batch that begins below 0', decodeEntry, `08 ${VERSION} 01 11 00 01 61`],
    ['a batch that ends above 2^53 - 1', decodeEntry, `08 ${VERSION} 01 00 ${LARGEST} 01 61`],
    ['a batch of one', decodeEntry, `08 ${VERSION} 01 00 00 01 61`],
    ['a segment that goes beyond 2^53 - 1', decodeSegment, `02 ${LARGEST} 01 61 01 01 62`],
    ['a segment of more pairs than bytes', decodeSegment, `${LARGEST} 01 01 61`],
    ['a state with unknown flags', decodeState, `20 ${STATE}`],
    ['a state with drops that never were', decodeState, `00 ${STATE} 00 ${VERSION}`],
    ['a session with unknown flags', decodeHead, `10 01 61 01 62 ${VERSION} ${VERSION} ${VERSION} 00`],
  ])('%s', (_, decode: (content: Uint8Array) => unknown, content) => {
    expect(() => decode(unhex(content))).toThrow(MalformedBytes);
  });
});
