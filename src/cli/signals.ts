/** Signals that end a process: the first one asks, the second one does it. */

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof EXIT_CODES;

/** The exit code of a process that `signal` ended. */
export function exitCodeOfSignal(signal: EndSignal): number {
  return EXIT_CODES[signal];
}

/**
 * Calls `onSignal` at the first SIGINT or SIGTERM instead of ending the process; a second one ends it at once. The answer
 * gives the signals back.
 */
export function catchSignals(onSignal: (signal: EndSignal) => void): () => void {
  let isFirst = true;
  const listener = (signal: EndSignal): void => {
    if (!isFirst) process.exit(exitCodeOfSignal(signal));
    isFirst = false;
    onSignal(signal);
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return () => void process.off('SIGINT', listener).off('SIGTERM', listener);
}
