/** What a terminal shows of long commands. */

import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { createLateProgress, showingBytes } from '../../src/cli/progress.ts';
import { size } from '../../src/cli/units.ts';
import { showingTime } from '../../src/cli/waiting.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function fakeTerminal(isTTY: boolean): { terminal: WriteStream; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return {
    terminal: Object.assign(stream, { isTTY, columns: 80 }) as unknown as WriteStream,
    text: () => text,
  };
}

describe('progress', () => {
  it('is not shown of what takes less than a second', () => {
    const { terminal, text } = fakeTerminal(true);
    const progress = createLateProgress(terminal, 100, size);
    vi.advanceTimersByTime(900);
    progress.update(50);
    progress.stop();
    expect(text()).toBe('');
  });

  it('is not shown where no person watches', () => {
    const { terminal, text } = fakeTerminal(false);
    const progress = createLateProgress(terminal, 100, size);
    vi.advanceTimersByTime(9000);
    progress.update(50);
    progress.stop();
    expect(text()).toBe('');
  });

  it('shows share, remaining time, amount and rate where the whole is known', () => {
    const { terminal, text } = fakeTerminal(true);
    const progress = createLateProgress(terminal, 4096, size);
    vi.advanceTimersByTime(2000);
    progress.update(1024);
    progress.stop();
    expect(text()).toContain('25% | 0:06 left | 1 KB | 512 B/s');
  });

  it('shows amount and rate of pieces as they pass, where it is not', async () => {
    const { terminal, text } = fakeTerminal(true);
    async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
      vi.advanceTimersByTime(2000);
      yield new Uint8Array(2048);
    }
    const passed: number[] = [];
    for await (const piece of showingBytes(pieces(), createLateProgress(terminal, undefined, size)))
      passed.push(piece.length);
    expect(passed).toEqual([2048]);
    expect(text()).toContain('2 KB | 1 KB/s');
    expect(text()).not.toContain('%');
  });
});

describe('the time that work without a measure takes', () => {
  it('is shown from a second on, and nothing is left of it', async () => {
    const { terminal, text } = fakeTerminal(true);
    let finish = (_result: string): void => {};
    const work = new Promise<string>((resolve) => (finish = resolve));
    const counting = showingTime('counting', work, terminal);
    vi.advanceTimersByTime(2500);
    expect(text()).toBe('\r\u001B[2Kcounting: 1 s\r\u001B[2Kcounting: 2 s');
    finish('done');
    expect(await counting).toBe('done');
    expect(text().endsWith('2 s\r\u001B[2K')).toBe(true);
  });

  it('is not shown where no person watches, nor of what takes less', async () => {
    for (const [isTTY, ms] of [[false, 9000] as const, [true, 900] as const]) {
      const { terminal, text } = fakeTerminal(isTTY);
      let finish = (_result: string): void => {};
      const work = new Promise<string>((resolve) => (finish = resolve));
      const counting = showingTime('counting', work, terminal);
      vi.advanceTimersByTime(ms);
      finish('done');
      expect(await counting).toBe('done');
      expect(text()).toBe('');
    }
  });

  it('is gone when the work fails', async () => {
    const { terminal, text } = fakeTerminal(true);
    let fail = (_error: Error): void => {};
    const work = new Promise<string>((_, reject) => (fail = reject));
    const counting = showingTime('counting', work, terminal);
    vi.advanceTimersByTime(1500);
    fail(new Error('no'));
    await expect(counting).rejects.toThrow('no');
    expect(text().endsWith('\r\u001B[2K')).toBe(true);
  });
});
