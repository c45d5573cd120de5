/** What a run throws where nobody awaits it ends the run, not the process. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** In a process of its own: the test runner has its own opinion on such errors. */
async function guardedRun(event: string): Promise<string> {
  const module = (name: string): string => new URL(`../../dist/simulation/${name}.js`, import.meta.url).href;
  const script = `
    const { guarded } = await import('${module('guard')}');
    const { VirtualTime } = await import('${module('virtual-time')}');
    const { failureOf } = await import('${module('failure')}');
    const time = new VirtualTime();
    time.after(5, () => { ${event} });
    time.after(10, () => console.log('went on'));
    const work = async () => { while (await time.step(20)); };
    await guarded(time, work).catch((error) => console.log(failureOf(error, time.nowMs)));
    console.log(process.listenerCount('unhandledRejection'), process.listenerCount('uncaughtException'));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return stdout;
}

it.each([
  ['thrown by an event', `throw new Error('a defect');`],
  ['a rejection that nobody handles', `void Promise.resolve().then(() => { throw new Error('a defect'); });`],
  ['thrown where no one can catch it', `process.nextTick(() => { throw new Error('a defect'); });`],
])('%s ends the run at that time', async (_, event) => {
  const said = await guardedRun(event);
  expect(said).toContain('a defect');
  expect(said).toContain('atMs: 5');
  expect(said).not.toContain('went on');
  expect(said).toMatch(/\n0 0\n$/u);
});
