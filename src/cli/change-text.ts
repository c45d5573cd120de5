/** A change as one line for people: what, whence, key, and the value of a put, with tabs between them. */

import type { Change } from '../node/api.ts';
import { escapeControls, valueText } from './printable.ts';

export function changeText(change: Change): string {
  const columns = [change.type, originText(change), escapeControls(change.key)];
  if (change.type === 'put') columns.push(escapeControls(valueText(change.value)));
  return columns.join('\t');
}

function originText({ origin, peer }: Change): string {
  if (origin === 'local') return 'here';
  return `from ${peer ?? 'a peer'}`;
}
