/** Whether a process is behind a link that lets this node in: a connection alone proves neither. */

import type { Link } from './link.ts';

/** Whether anything comes, be it a failure. Rows that nobody asked for are the least that every version answers. */
export function givesSignOfLife({ channel }: Link): Promise<boolean> {
  return channel.request({ type: 'recent', rows: [] }).then(
    () => true,
    () => false,
  );
}
