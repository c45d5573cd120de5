/** The parent's side of a process of a campaign. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../failure.ts';
import type { Answer, Order } from './messages.ts';

const WORKER = fileURLToPath(new URL(`worker${import.meta.url.slice(-3)}`, import.meta.url));

/** A run that takes longer has come to a loop. */
const RUN_MS_MAX = 15 * 60_000;

/** A process that has been told to end does so within this, or is killed. */
const END_MS_MAX = 10_000;

/** What it said last is kept for the case that it ends by itself: so many characters. */
const LAST_WORDS_MAX = 2000;

/** What came of an order: an answer, or how its process ended instead. */
export type Outcome = Answer | { readonly failure: Failure; readonly tookMs: number };

export class WorkerProcess {
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #lastWords = '';

  /** `env` is added to that of this process. */
  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** One at a time. Never fails. */
  run(order: Order): Promise<Outcome> {
    const child = (this.#child ??= this.#start());
    const startMs = performance.now();
    return new Promise((resolve) => {
      const tookMs = (): number => performance.now() - startMs;
      const end = (outcome: Outcome): void => {
        clearTimeout(timer);
        child.off('message', answered).off('exit', exited);
        resolve(outcome);
      };
      const answered = (answer: Answer): void => end(answer);
      const exited = (code: number | null, signal: string | null): void => {
        if (this.#child === child) this.#child = undefined;
        const how = signal === null ? `exit code ${code}` : signal;
        end({
          failure: failure('process ended', `The process ended with ${how}.`, this.#lastWords),
          tookMs: tookMs(),
        });
      };
      const timer = setTimeout(() => {
        this.#child = undefined;
        child.kill('SIGKILL');
        end({
          failure: failure('no end', `The run did not end within ${RUN_MS_MAX / 60_000} minutes.`),
          tookMs: tookMs(),
        });
      }, RUN_MS_MAX);
      child.on('message', answered).on('exit', exited);
      child.send(order);
    });
  }

  /** Whatever it is doing. Resolves when it is gone. */
  async end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.disconnect();
    });
  }

  #start(): ChildProcess {
    const child = fork(WORKER, {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = `${this.#lastWords}${chunk.toString()}`.slice(-LAST_WORDS_MAX);
    });
    return child;
  }
}

function failure(kind: string, what: string, lastWords = ''): Failure {
  return { kind, what, atMs: 0, where: lastWords.split('\n').filter((line) => line.trim() !== '') };
}
