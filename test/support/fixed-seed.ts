/** `npm test` draws the same cases each time; `FC_SEED=N` draws others. To explore is what `npm run model` is for. */

import * as fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 1) });
