/** What a node tells its listeners of. */

import { BoatoError } from '../core/errors.ts';
import type { NodeEvents } from './api.ts';

const NAMES = {
  'member:up': true,
  'member:suspect': true,
  'member:down': true,
  'member:left': true,
  'member:updated': true,
  event: true,
} satisfies Record<keyof NodeEvents, true>;

/** Fails with `INVALID_OPTION`: nothing would ever be heard of another name. */
export function checkEventName(name: string): void {
  if (Object.hasOwn(NAMES, name)) return;
  throw new BoatoError('INVALID_OPTION', `A node tells of ${Object.keys(NAMES).join(', ')} only.`);
}
