/** What a piece of work cost this process, on all its threads: steadier than time where others use the machine. */

export interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

/** To be called when the work begins; what it returns, when it is done. */
export function startCost(): () => Cost {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
  };
}
