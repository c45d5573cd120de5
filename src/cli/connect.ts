/** Finds the store of a folder: the node that serves it, or else the folder itself. */

import { assert } from '../core/assert.ts';
import { BoatoError } from '../core/errors.ts';
import { defaultSocketPath, isSocketPath, readRendezvous } from '../server/rendezvous.ts';
import { failure } from './cli-error.ts';
import type { ClusterClient } from './cluster-client.ts';
import { checkFolder, hasStore, openingFailure } from './folder.ts';
import { LOCK_PATIENCE, type Patience, retry } from './retry.ts';
import { catchSignals, exitCodeOfSignal } from './signals.ts';
import { canConnect } from './socket-http.ts';
import type { StoreClient } from './store-client.ts';

/** `running`: only a node will do. `existing`: a store that was made before. `any`: made if it is missing. */
export type StoreNeed = 'running' | 'existing' | 'any';

export interface ConnectOptions {
  /** How long another process may keep the folder. */
  readonly patience?: Patience;
  /** `action` answers SIGINT and SIGTERM itself; without it they close the store and end the process. */
  readonly ownSignals?: true;
}

/**
 * Runs `action` on the store of `dir`: on its node's socket, else on the folder, else, as a node may have taken the folder
 * in between, on the socket again.
 */
export async function withStore<Result>(
  dir: string,
  need: StoreNeed,
  action: (store: StoreClient) => Promise<Result>,
  options: ConnectOptions = {},
): Promise<Result> {
  const { client, letSignalsGo } = await connect(dir, need, options.patience ?? LOCK_PATIENCE);
  if (options.ownSignals === true) letSignalsGo();
  try {
    return await action(client);
  } finally {
    await client.close();
    letSignalsGo();
  }
}

/** Runs `action` on the cluster of the node that runs in `dir`. */
export function withCluster<Result>(
  dir: string,
  action: (cluster: ClusterClient) => Promise<Result>,
): Promise<Result> {
  return withStore(dir, 'running', ({ cluster }) => {
    assert(cluster !== undefined, 'a running node has a cluster');
    return action(cluster);
  });
}

/** The result of `action` on the node that runs in `dir`; `undefined` if none does. The folder is not opened. */
export async function withRunningNode<Result>(
  dir: string,
  action: (store: StoreClient) => Promise<Result>,
): Promise<Result | undefined> {
  const running = await connectSocket(dir);
  if (running === undefined) return undefined;
  try {
    return await action(running.client);
  } finally {
    await running.client.close();
  }
}

interface Connection {
  readonly client: StoreClient;
  readonly letSignalsGo: () => void;
}

async function connect(dir: string, need: StoreNeed, patience: Patience): Promise<Connection> {
  const running = await connectSocket(dir);
  if (running !== undefined) return running;
  if (need === 'running') throw failure(`No node runs in ${dir}: \`store serve\` starts one.`);
  if (need === 'existing' && !(await hasStore(dir))) {
    throw failure(`There is no store in ${dir}: \`store put\` or \`store serve\` makes one.`);
  }
  await checkFolder(dir);
  try {
    return await retry(() => openFolder(dir), isLocked, patience);
  } catch (error) {
    throw isLocked(error) ? inUse(error as BoatoError) : openingFailure(dir, error);
  }
}

async function openFolder(dir: string): Promise<Connection> {
  const [{ openStore }, { DirectClient }] = await Promise.all([
    import('../node/open-store.ts'),
    import('./direct-client.ts'),
  ]);
  const opening = openStore({ dir }).then((store) => new DirectClient(store));
  const letSignalsGo = closeOnSignal(opening);
  try {
    return { client: await opening, letSignalsGo };
  } catch (error) {
    letSignalsGo();
    const started = isLocked(error) ? await connectSocket(dir) : undefined;
    if (started === undefined) throw error;
    return started;
  }
}

/** Whether another process has the folder. */
export function isLocked(error: unknown): boolean {
  return error instanceof BoatoError && error.code === 'STORE_LOCKED';
}

/** Two commands meet more often than two nodes do: the advice is another. */
function inUse(error: BoatoError): BoatoError {
  const [, who = error.message] = /^(?<who>.*): [^:]*$/su.exec(error.message) ?? [];
  return new BoatoError(
    'STORE_LOCKED',
    `${who}, perhaps another \`store\` command: try again when it has ended, or let \`store serve\` run there, through which many commands work at once.`,
    { cause: error },
  );
}

async function connectSocket(dir: string): Promise<Connection | undefined> {
  const rendezvous = await readRendezvous(dir);
  const socket = rendezvous?.socket ?? defaultSocketPath(dir);
  if (!isSocketPath(socket) || !(await canConnect(socket))) return undefined;
  const { SocketClient } = await import('./socket-client.ts');
  const client = new SocketClient({ pid: rendezvous?.pid, socket }, dir);
  return { client, letSignalsGo: () => undefined };
}

/** Ends the process as the signal would, but only after the store, which may still be opening, was closed. */
function closeOnSignal(opening: Promise<StoreClient>): () => void {
  return catchSignals((signal) => {
    const end = (): never => process.exit(exitCodeOfSignal(signal));
    opening.then((client) => client.close()).then(end, end);
  });
}
