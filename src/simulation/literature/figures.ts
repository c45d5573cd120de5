/** What `npm run literature` measures, as it is kept for the pictures and the page. */

import type { AggregationFigures } from './aggregation.ts';
import type { AntiEntropyFigures } from './anti-entropy.ts';
import type { Table } from './mongering.ts';
import type { SamplingFigures } from './sampling.ts';

export interface Figures {
  readonly mongering: {
    readonly nodes: number;
    readonly runs: number;
    readonly tables: readonly Table[];
  };
  readonly antiEntropy: AntiEntropyFigures;
  readonly sampling: SamplingFigures;
  readonly aggregation: AggregationFigures;
}
