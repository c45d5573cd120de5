/** Schedules on which the model once failed, each as fast-check shrank it (`test/fixtures/found.json`). */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runSchedule, type Schedule } from '../model/run-schedule.ts';

const file = new URL('../fixtures/found.json', import.meta.url);
const { found } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly found: readonly { readonly name: string; readonly schedule: Schedule }[];
};

describe('what the model found', () => {
  test.each(found.map(({ name, schedule }) => [name, schedule] as const))('%s', async (_, schedule) => {
    await runSchedule(schedule);
  });

  test('something is replayed', () => {
    expect(found.length).toBeGreaterThan(0);
  });
});
