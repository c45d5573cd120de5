/** Finds the store of a folder: the node that serves it, or else the folder itself. */

import { BoatoError } from '../core/errors.ts';
import { isStoreFolder } from '../node/folder.ts';
import { defaultSocketPath, isSocketPath, readRendezvous } from '../server/rendezvous.ts';
import { failure } from './cli-error.ts';
import { catchSignals, exitCodeOfSignal } from './signals.ts';
import { canConnect } from './socket-http.ts';
import type { StoreClient } from './store-client.ts';

/** `running`: only a node will do. `existing`: a store that was made before. `any`: made if it is missing. */
export type StoreNeed = 'running' | 'existing' | 'any';

/**
 * Runs `action` on the store of `dir`: on its node's socket, else on the folder, else, as a node may have taken the folder
 * in between, on the socket again.
 */
export async function withStore<Result>(
  dir: string,
  need: StoreNeed,
  action: (store: StoreClient) => Promise<Result>,
): Promise<Result> {
  const client = await connect(dir, need);
  try {
    return await action(client);
  } finally {
    await client.close();
  }
}

async function connect(dir: string, need: StoreNeed): Promise<StoreClient> {
  const running = await connectSocket(dir);
  if (running !== undefined) return running;
  if (need === 'running') throw failure(`No node runs in ${dir}: \`store serve\` starts one.`);
  if (need === 'existing' && !(await isStoreFolder(dir))) {
    throw failure(`There is no store in ${dir}: \`store put\` or \`store serve\` makes one.`);
  }
  const [{ openStore }, { DirectClient }] = await Promise.all([
    import('../index.ts'),
    import('./direct-client.ts'),
  ]);
  const opening = openStore({ dir }).then((store) => new DirectClient(store));
  const letGo = closeOnSignal(opening);
  try {
    return await opening;
  } catch (error) {
    letGo();
    const started =
      error instanceof BoatoError && error.code === 'STORE_LOCKED' ? await connectSocket(dir) : undefined;
    if (started === undefined) throw error;
    return started;
  }
}

async function connectSocket(dir: string): Promise<StoreClient | undefined> {
  const rendezvous = await readRendezvous(dir);
  const socket = rendezvous?.socket ?? defaultSocketPath(dir);
  if (!isSocketPath(socket) || !(await canConnect(socket))) return undefined;
  const { SocketClient } = await import('./socket-client.ts');
  return new SocketClient({ pid: rendezvous?.pid, socket }, dir);
}

/** Ends the process as the signal would, but only after the store, which may still be opening, was closed. */
function closeOnSignal(opening: Promise<StoreClient>): () => void {
  return catchSignals((signal) => {
    const end = (): never => process.exit(exitCodeOfSignal(signal));
    opening.then((client) => client.close()).then(end, end);
  });
}
