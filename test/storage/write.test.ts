import { expect, test } from 'vitest';
import { WriteJob } from '../../src/storage/write.ts';
import { del, put } from '../support/replica-fixture.ts';

test('a write counts the bytes of its keys and values: so many bound what is decided, and written, at once', () => {
  const settings = { tombstoneTtlMs: 1, maxDriftMs: 1, random: () => 0 };
  expect(new WriteJob([put('key', 'value'), del('other'), put('k', '')], settings).bytes).toBe(3 + 5 + 5 + 1);
});
