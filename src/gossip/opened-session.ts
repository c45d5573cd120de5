/** What a server promises as it opens a session, and whether that is what was asked for. */

import type { Actor, NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { FullRow } from '../core/context.ts';
import type { Version } from '../core/version.ts';
import type { NewSession, PullerState } from '../ports/replica.ts';
import type { Opened } from './session-messages.ts';

/** `state`: what the session was asked for with. */
export function openedSession(
  peer: NodeId,
  reply: Opened,
  { openedAt, epoch, rumoured }: Pick<PullerState, 'openedAt' | 'epoch' | 'rumoured'>,
): NewSession {
  return {
    peer,
    name: reply.session,
    order: reply.order,
    rows: reply.rows,
    horizon: reply.horizon,
    serverBootstrapping: reply.bootstrapping,
    serverEntries: reply.entries,
    openedAt,
    ...(rumoured === undefined ? {} : { rumoured }),
    epoch,
  };
}

/** `actors`, `empty`: as it was asked for. Throws `MalformedBytes`. */
export function checkOpened(reply: Opened, actors: readonly Actor[], empty: boolean): void {
  const isAsked =
    reply.rows.length === actors.length && reply.rows.every(({ actor }, index) => actor === actors[index]);
  if (!isAsked) throw new MalformedBytes('rows of other actors than were asked for');
  if (reply.order === 'version') return;
  if (!empty) throw new MalformedBytes('key order for a node that holds entries');
  if (reply.bootstrapping) throw new MalformedBytes('key order from a server that is bootstrapping');
}

/** Of all that the session will claim. */
export function promisedVersions({ horizon, rows }: Opened): readonly Version[] {
  return [horizon, ...rows.flatMap(highestVersionsOf)];
}

function highestVersionsOf(row: FullRow): Version[] {
  return [row.received, row.cloudVersions.at(-1) ?? row.received, row.predecessor?.closed ?? row.closed];
}
