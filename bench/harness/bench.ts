/** What a running benchmark is given: a folder, processes, and a place to say what goes on. All are gone at its end. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkerProcess } from './worker-process.ts';

export class Bench {
  readonly #folder: string;
  readonly #profileFolder: string | undefined;
  readonly #workers = new Set<WorkerProcess>();
  #stores = 0;

  /** `profileFolder`: where each process leaves a CPU profile when it ends in order. */
  constructor(folder: string, profileFolder: string | undefined) {
    this.#folder = folder;
    this.#profileFolder = profileFolder;
  }

  /** A path that nothing lies at yet. */
  newPath(): string {
    return join(this.#folder, `store-${++this.#stores}`);
  }

  start(): WorkerProcess {
    const worker = new WorkerProcess(this.#profileFolder);
    this.#workers.add(worker);
    return worker;
  }

  /** Work done by a process of its own. */
  async during<T>(work: (worker: WorkerProcess) => Promise<T>): Promise<T> {
    const worker = this.start();
    try {
      return await work(worker);
    } finally {
      await worker.stop();
    }
  }

  say(line: string): void {
    console.error(`  ${line}`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
