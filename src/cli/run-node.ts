/** Runs a node and its local server until a signal, or the node itself, ends it. */

import { resolve } from 'node:path';
import { createLog } from '../adapters/pino-log.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { openNode } from '../node/open-node.ts';
import type { Node } from '../node/api.ts';
import type { Log } from '../ports/log.ts';
import { serveLocally } from '../server/local-server.ts';
import { checkFolder, openingFailure } from './folder.ts';
import { logChanges } from './log-changes.ts';
import { Output } from './output.ts';
import { printState } from './print-state.ts';
import type { ServeOptions } from './serve.ts';
import { nodeOptions } from './settings/node-options.ts';
import { catchSignals } from './signals.ts';

/** Resolves after a clean stop. Rejects with the reason when the node had to stop by itself, or could not start. */
export async function runNode(options: ServeOptions, out: Output): Promise<void> {
  const log = createLog({ level: options.logLevel });
  let stop: (() => void) | undefined;
  const signalled = new Promise<undefined>((settle) => (stop = () => settle(undefined)));
  const letGo = catchSignals((signal) => {
    log.info({ signal }, 'Stopping.');
    stop?.();
  });
  try {
    const node = await open(options, log);
    try {
      const server = await serveLocally(node, options.data, log);
      try {
        await announce(node, server.socket, options, out);
        if (options.logChanges) void logChanges(node, options.json === true, out, log);
        const stopPrinting = printStateOf(node, options);
        const failure = await Promise.race([signalled, node.stopped]);
        stopPrinting();
        if (failure !== undefined) throw failure;
      } finally {
        await server.close();
      }
    } finally {
      await node.close();
    }
  } finally {
    letGo();
  }
}

async function open(options: ServeOptions, log: Log): Promise<Node> {
  await checkFolder(options.data);
  try {
    return await openNode({ ...nodeOptions(options), log });
  } catch (error) {
    throw openingFailure(options.data, error);
  }
}

async function announce(node: Node, socket: string, options: ServeOptions, out: Output): Promise<void> {
  const { nodeId, address } = node;
  const dir = resolve(options.data);
  try {
    if (options.json === true)
      await out.json({ event: 'ready', nodeId, address, dir, socket, pid: process.pid });
    else await out.line(`ready: ${nodeId} serves peers on ${address}, data in ${dir}`);
  } catch {
    // Nobody reads the line: no reason for a node to stop.
  }
}

function printStateOf(node: Node, options: ServeOptions): () => void {
  const { printStateMs: intervalMs } = options;
  if (intervalMs === undefined) return () => undefined;
  const errors = new Output(process.stderr);
  // Nobody reads the line: no reason for a node to stop.
  const write = (line: string): void => void errors.line(line).catch(() => undefined);
  return printState({ node, intervalMs, json: options.json === true, write, clock: systemClock });
}
