/** Starts counting coverage before the code that is counted is loaded. */

import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';

// V8 counts the blocks of what is compiled from now on. `Coverage` goes on with a session of its own.
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

const { Coverage, fuzzAll } = await import(workerData.bundle);
const coverage = new Coverage(workerData.bundle);
await fuzzAll(coverage);
session.disconnect();
