/** Which code an input reaches, as V8 counts it: block by block, told as positions in the source. */

import { type Profiler, Session } from 'node:inspector';

/** V8 counts what is compiled after it was told to: make one before the code in question is loaded. */
export class Coverage {
  readonly #session = new Session();
  readonly #url: string;
  /** Of each function, by where it begins: one byte for each of its characters, 1 once one of its blocks was entered. */
  #reached = new Map<string, Uint8Array>();

  /** Of the one script whose address ends with `url`. */
  constructor(url: string) {
    this.#url = url;
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Nothing counts as reached yet. */
  forget(): void {
    this.#take();
    this.#reached = new Map();
  }

  /** Whether anything was reached since the last call that had not been `counted` before. */
  hasGrown(isCounted: boolean): boolean {
    let hasGrown = false;
    for (const { url, functions } of this.#take()) {
      if (!url.endsWith(this.#url)) continue;
      for (const one of functions) if (this.#isMore(one, isCounted)) hasGrown = true;
    }
    return hasGrown;
  }

  close(): void {
    this.#session.disconnect();
  }

  #isMore({ ranges }: Profiler.FunctionCoverage, isCounted: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return false;
    const name = `${whole.startOffset}-${whole.endOffset}`;
    const size = whole.endOffset - whole.startOffset;
    const reached = this.#reached.get(name) ?? new Uint8Array(size);
    if (isCounted) this.#reached.set(name, reached);
    // The outer ranges come first; those in them say otherwise.
    const now = new Uint8Array(size);
    for (const { startOffset, endOffset, count } of ranges)
      now.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
    let hasGrown = false;
    for (let at = 0; at < size; at++) {
      if (now[at] !== 1 || reached[at] === 1) continue;
      if (!isCounted) return true;
      reached[at] = 1;
      hasGrown = true;
    }
    return hasGrown;
  }

  /** Resets the counters. */
  #take(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      taken = result;
    });
    return taken;
  }

  #post(method: string, params: object = {}): void {
    this.#session.post(method, params, (error) => {
      if (error !== null) throw error;
    });
  }
}
