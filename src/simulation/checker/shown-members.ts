/** The members that nodes show. */

import { formatAddress } from '../../adapters/address.ts';
import { BoatoError } from '../../core/errors.ts';
import type { Member } from '../../node/member-api.ts';
import { type Machine, PORT } from '../machine.ts';

/** `undefined` while its node is not open. */
export function shownBy({ running }: Machine): readonly Member[] | undefined {
  try {
    return running?.node.members();
  } catch (error) {
    if (error instanceof BoatoError && error.code === 'STORE_CLOSED') return undefined;
    throw error;
  }
}

/** Where the node on it is reached. */
export function addressOf({ host }: Machine): string {
  return formatAddress(host, PORT);
}

/** Whether each of `machines` shows all of them as up, where they are, and nobody else. */
export function showEachOther(machines: readonly Machine[]): boolean {
  const expected = machines.map((machine) => `${machine.nodeId} up ${addressOf(machine)}`).toSorted();
  return machines.every((machine) => {
    const shown = shownBy(machine)?.map(({ nodeId, status, address }) => `${nodeId} ${status} ${address}`);
    return shown !== undefined && shown.toSorted().join() === expected.join();
  });
}

/** What each shows, for people. */
export function shownText(machines: readonly Machine[]): string {
  const textOf = (machine: Machine): string =>
    shownBy(machine)
      ?.map(({ nodeId, status }) => `${nodeId} ${status}`)
      .join(', ') ?? 'nothing';
  return machines.map((machine) => `${machine.name} shows ${textOf(machine)}`).join('; ');
}
