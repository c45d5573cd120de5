/** What `npm run literature` measures, as it is kept for the pictures and the page. */

import type { AntiEntropyFigures } from './anti-entropy.ts';
import type { Table } from './mongering.ts';

export interface Figures {
  readonly mongering: {
    readonly nodes: number;
    readonly runs: number;
    readonly tables: readonly Table[];
  };
  readonly antiEntropy: AntiEntropyFigures;
}
