/** Where a store lives on a simulated disk, as a process finds it: what lies beside the database in its folder. */

import type { StoreHome } from '../node/store-home.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { failure } from './disk-failure.ts';

export interface Folder {
  /** A store was made here. */
  isInitialized: boolean;
  /** A file that can be given up for an opening on a full disk. */
  hasRoomAside: boolean;
  members: Uint8Array | undefined;
}

/** Opens the store by `open`, now and again. */
export async function openHome(
  dir: string,
  folder: Folder,
  open: () => Promise<OrderedStore>,
  isFull: () => boolean,
): Promise<StoreHome> {
  const { isInitialized } = folder;
  const checkRoom = (): Promise<void> => (isFull() ? Promise.reject(failure('ENOSPC')) : Promise.resolve());
  return {
    dir,
    store: await open(),
    isInitialized,
    members: {
      read: () => Promise.resolve(folder.members),
      write: async (bytes) => {
        await checkRoom();
        folder.members = bytes;
      },
    },
    markInitialized: () => {
      folder.isInitialized = true;
      return Promise.resolve();
    },
    checkReopening: () => (folder.hasRoomAside ? Promise.resolve() : checkRoom()),
    reopen: async (read) => {
      const reopened = await open();
      try {
        return await read(reopened);
      } catch (error) {
        await reopened.close();
        throw error;
      }
    },
    setRoomAside: async () => {
      await checkRoom();
      folder.hasRoomAside = true;
    },
    checkRoom,
    release: () => Promise.resolve(),
  };
}
