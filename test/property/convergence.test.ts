/** A short run of the model (`npm run model` is the long one): each family of schedules keeps every promise. */

import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import { FAMILIES, WATCHED_FAMILIES } from '../model/families.ts';
import { runSchedule } from '../model/run-schedule.ts';

describe('replicas converge, lose no acknowledged write and show no deleted value again', () => {
  test.each(Object.entries(FAMILIES))(
    'in schedules of the family: %s',
    async (_name, family) => {
      await fc.assert(fc.asyncProperty(family, runSchedule), { numRuns: 60 });
    },
    120_000,
  );
});

describe('whoever watches ends with the map of its node, on which it began or another, or is told to read it again', () => {
  test.each(Object.entries(WATCHED_FAMILIES))(
    'in schedules of the family: %s',
    async (_name, family) => {
      await fc.assert(fc.asyncProperty(family, runSchedule), { numRuns: 60 });
    },
    120_000,
  );
});
