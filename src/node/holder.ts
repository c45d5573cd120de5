/** The note of who holds a folder, for people, and for the next start after a kill. The database's own lock decides. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export function holderPath(dir: string): string {
  return join(dir, 'holder.json');
}

/** Who took the folder, and whether it has looked at the tables of its database since. */
interface Holder {
  readonly pid: number;
  readonly checked?: boolean;
}

export async function writeHolder(dir: string, holder: Holder): Promise<void> {
  await writeFile(holderPath(dir), JSON.stringify(holder));
}

async function findHolder(dir: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(holderPath(dir), 'utf8')) as Partial<Holder>;
    return typeof holder.pid === 'number' ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** The process that took the folder last, if it has not given it back. */
export async function readHolder(dir: string): Promise<number | undefined> {
  return (await findHolder(dir))?.pid;
}

/** Whether the process that held the folder last came to its end before it had looked at the tables of its database. */
export async function diedUnchecked(dir: string): Promise<boolean> {
  const holder = await findHolder(dir);
  if (holder === undefined || holder.checked === true) return false;
  // In a container the next process has the same number.
  return holder.pid === process.pid || !isRunning(holder.pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
