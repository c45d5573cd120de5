import { describe, expect, it } from 'vitest';
import { withStore } from '../../src/cli/connect.ts';
import { type Patience, retry } from '../../src/cli/retry.ts';
import { openStore } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A clock that moves with the pauses, and what is done in each. */
function patience(
  inPause: (pauses: number) => Promise<unknown> | undefined,
): Patience & { pauses: () => number } {
  let nowMs = 0;
  let pauses = 0;
  return {
    limitMs: 2000,
    pauseMs: 60,
    nowMs: () => nowMs,
    async pause(ms) {
      expect(ms).toBeGreaterThanOrEqual(30);
      expect(ms).toBeLessThanOrEqual(60);
      nowMs += ms;
      await inPause(++pauses);
    },
    pauses: () => pauses,
  };
}

describe('trying again', () => {
  it('goes on until it works', async () => {
    let tries = 0;
    const attempt = (): Promise<number> => {
      return ++tries < 5 ? Promise.reject(new Error('passing')) : Promise.resolve(tries);
    };
    expect(
      await retry(
        attempt,
        () => true,
        patience(() => undefined),
      ),
    ).toBe(5);
  });

  it('ends with the last error when the time is over, and at once with one that does not pass', async () => {
    const waiting = patience(() => undefined);
    await expect(
      retry(
        () => Promise.reject(new Error('locked')),
        () => true,
        waiting,
      ),
    ).rejects.toThrow('locked');
    expect(waiting.pauses()).toBeGreaterThanOrEqual(2000 / 60);
    expect(waiting.pauses()).toBeLessThanOrEqual(1 + 2000 / 30);
    const none = patience(() => undefined);
    await expect(
      retry(
        () => Promise.reject(new Error('other')),
        () => false,
        none,
      ),
    ).rejects.toThrow('other');
    expect(none.pauses()).toBe(0);
  });
});

describe('a folder that another process uses', () => {
  it('is waited for', async () => {
    const dir = await temporaryFolder();
    const other = await openStore({ dir });
    await other.put('a', 1);
    const waiting = patience((pauses) => (pauses === 3 ? other.close() : undefined));
    const count = await withStore(dir, 'existing', (store) => store.count('', {}), { patience: waiting });
    expect({ count, pauses: waiting.pauses() }).toStrictEqual({ count: 1, pauses: 3 });
  });

  it('is not waited for without end: the sentence says what helps', async () => {
    const dir = await temporaryFolder();
    await using _other = await openStore({ dir });
    const ended = withStore(dir, 'any', (store) => store.count('', {}), {
      patience: patience(() => undefined),
    });
    await expect(ended).rejects.toThrow(
      `The folder ${dir} is in use by process ${process.pid}, perhaps another \`store\` command: try again when it has ended, or let \`store serve\` run there, through which many commands work at once.`,
    );
  });
});
