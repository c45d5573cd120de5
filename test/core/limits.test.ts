import { describe, expect, test } from 'vitest';
import { makeActor } from '../../src/core/actor.ts';
import type { Entry } from '../../src/core/entry.ts';
import { DEFAULT_LIMITS, FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import { VERSION_MAX, type Version, VERSION_ZERO } from '../../src/core/version.ts';
import { CHUNK_BYTES, ChunkPacker } from '../../src/gossip/chunk.ts';
import { nodeId } from '../support/codec-arbitraries.ts';

describe('the limits', () => {
  test('are those of the protocol', () => {
    expect(DEFAULT_LIMITS).toEqual({
      keyBytesMax: 1024,
      valueBytesMax: 8_388_608,
      batchEntriesMax: 10_000,
      batchBytesMax: 8_388_608,
    });
    expect(FRAME_BYTES_MAX).toBe(16_777_216);
  });

  test('let the largest batch travel in one frame, behind a chunk that is almost full', () => {
    const { batchEntriesMax, batchBytesMax } = DEFAULT_LIMITS;
    const actor = makeActor(nodeId('n'.repeat(64)), VERSION_ZERO, 0);
    const first = (VERSION_MAX - batchEntriesMax + 1) as Version;
    const bytesEach = Math.floor(batchBytesMax / batchEntriesMax);
    const packer = new ChunkPacker();
    for (let index = 0; index < batchEntriesMax; index++) {
      // Keys of 4 bytes that share nothing, values that take the rest.
      const key = Uint8Array.of(index % 100, Math.floor(index / 100), 0, 0);
      const rest = index === 0 ? batchBytesMax - bytesEach * batchEntriesMax : 0;
      const entry: Entry = {
        actor,
        key,
        version: (first + index) as Version,
        first,
        last: VERSION_MAX,
        tombstone: false,
        value: new Uint8Array(bytesEach - key.length + rest),
        expiresAt: Number.MAX_SAFE_INTEGER,
      };
      packer.add(entry);
    }
    expect(packer.bytes).toBeGreaterThan(batchBytesMax);
    expect(CHUNK_BYTES + packer.bytes).toBeLessThan(FRAME_BYTES_MAX);
  });

  test('let the longest key and value travel in one frame', () => {
    const { keyBytesMax, valueBytesMax } = DEFAULT_LIMITS;
    const packer = new ChunkPacker();
    packer.add({
      actor: makeActor(nodeId('n'.repeat(64)), VERSION_ZERO, 0),
      key: new Uint8Array(keyBytesMax).fill(0x61),
      version: VERSION_MAX,
      first: VERSION_MAX,
      last: VERSION_MAX,
      tombstone: false,
      value: new Uint8Array(valueBytesMax),
      expiresAt: Number.MAX_SAFE_INTEGER,
    });
    expect(packer.bytes).toBeGreaterThan(keyBytesMax + valueBytesMax);
    expect(CHUNK_BYTES + packer.bytes).toBeLessThan(FRAME_BYTES_MAX);
  });
});
