/** A reader as the process sees it that uses it: what a process that is over has asked for never comes. */

import type { Reader } from '../ports/ordered-store.ts';
import type { ProcessLife } from './process-life.ts';

/** `take`: what a read waits for, or fails with. */
export function whileAlive(reader: Reader, life: ProcessLife, take: () => Promise<void> | undefined): Reader {
  const answer = <T>(asked: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      asked.then(
        (value) => void (life.isOver || resolve(value)),
        (error: unknown) => void (life.isOver || reject(error as Error)),
      );
    });
  const taking = <T>(read: () => Promise<T>): Promise<T> => {
    const waiting = take();
    return answer(waiting === undefined ? read() : waiting.then(read));
  };
  return {
    get: (key) => taking(() => reader.get(key)),
    getMany: (keys) => taking(() => reader.getMany(keys)),
    scan: (range) => {
      const scan = reader.scan(range);
      return { next: (count) => taking(() => scan.next(count)), close: () => answer(scan.close()) };
    },
  };
}
