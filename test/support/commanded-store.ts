/** A store in a process of its own, which can be told what to do: for faults that hit a whole process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { LIBRARY } from './disk/power-losses.ts';

const SCRIPT = join(import.meta.dirname, '..', 'fixtures', 'commanded-store.mjs');

export interface Answer {
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
}

export class CommandedStore {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #answers: ((answer: Answer) => void)[] = [];
  readonly #told: string[] = [];
  #onTold: () => void = () => {};

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid as number;
    this.#ended = once(child, 'close').then(() => {
      for (const answer of this.#answers.splice(0)) answer({ code: 'ENDED' });
    });
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.#hear(line));
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** `command`: what is put before `node`, such as a shell that sets limits. */
  static async open(dir: string, command: readonly string[] = []): Promise<CommandedStore> {
    const [program, ...args] = [...command, process.execPath, SCRIPT, dir, LIBRARY];
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
    const opened = new CommandedStore(spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env }));
    await opened.#next();
    return opened;
  }

  call(method: string, ...args: readonly unknown[]): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify([method, ...args])}\n`);
    return this.#next();
  }

  /** Resolves when a sentence that begins so was logged since this was last asked. */
  async told(start: string): Promise<void> {
    for (;;) {
      const at = this.#told.findIndex((sentence) => sentence.startsWith(start));
      if (at >= 0) return void this.#told.splice(0, at + 1);
      await new Promise<void>((resolve) => (this.#onTold = resolve));
    }
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }

  #next(): Promise<Answer> {
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  #hear(line: string): void {
    const said = JSON.parse(line) as Answer & { readonly log?: string };
    if (said.log === undefined) {
      this.#answers.shift()?.(said);
      return;
    }
    this.#told.push(said.log);
    this.#onTold();
  }
}
