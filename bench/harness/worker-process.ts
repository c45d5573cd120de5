/** A process of its own, and what is asked of it (`../worker/main.ts`). */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, CommandName, Commands, Question } from '../worker/commands.ts';

const WORKER = fileURLToPath(new URL('../worker/main.js', import.meta.url));

type Waiting = (answer: Answer) => void;

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #isProfiled: boolean;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(profileFolder: string | undefined) {
    this.#isProfiled = profileFolder !== undefined;
    const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
    this.#child = fork(WORKER, [], {
      serialization: 'advanced',
      execArgv: profiling,
      env: { ...process.env, UV_THREADPOOL_SIZE: '4' },
    });
    this.#child.on('message', (message) => {
      const answer = message as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    this.#child.on('exit', () => {
      for (const [id, settle] of this.#waiting) settle({ id, error: 'the process ended' });
      this.#waiting.clear();
    });
  }

  async call<K extends CommandName>(
    command: K,
    ...args: Parameters<Commands[K]>
  ): Promise<Awaited<ReturnType<Commands[K]>>> {
    const id = ++this.#asked;
    const question: Question = { id, command, args };
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send(question, (error) => {
        if (error !== null) resolve({ id, error: error.message });
      });
    });
    if ('error' in answer) throw new Error(`${command}: ${answer.error}`);
    return answer.result as Awaited<ReturnType<Commands[K]>>;
  }

  /** Closes what it has open, and ends. */
  async stop(): Promise<void> {
    if (this.#hasEnded()) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  /** At once, as `kill -9` does. */
  async kill(): Promise<void> {
    if (this.#hasEnded()) return;
    const ended = once(this.#child, 'exit');
    if (this.#isProfiled) await this.call('leave').catch(() => undefined);
    else this.#child.kill('SIGKILL');
    await ended;
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
