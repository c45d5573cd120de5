/** All pictures of the documents, in the order in which they are read. */

import { actors } from './actors.ts';
import { commitGroup } from './commit-group.ts';
import { context } from './context.ts';
import { detectionFalsePositives, detectionLatency } from './detection.ts';
import { late } from './late.ts';
import { aggregation, inDegrees, residue } from './literature.ts';
import { round } from './round.ts';
import { rumours } from './rumours.ts';
import { session } from './session.ts';
import type { Picture } from './svg.ts';
import { tombstone } from './tombstone.ts';
import { scaleBytes, scaleCurve, scaleRounds } from './scale.ts';
import { tree } from './tree.ts';
import { versions } from './versions.ts';

export const PICTURES: readonly Picture[] = [
  versions,
  actors,
  commitGroup,
  context,
  round,
  session,
  tombstone,
  late,
  tree,
  rumours,
  scaleRounds,
  scaleCurve,
  scaleBytes,
  detectionLatency,
  detectionFalsePositives,
  residue,
  inDegrees,
  aggregation,
];
