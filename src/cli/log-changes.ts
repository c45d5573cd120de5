/** `store serve --log-changes`: a line for each change that arrives at the node. */

import { BoatoError } from '../core/errors.ts';
import type { Node } from '../node/api.ts';
import { shownChange } from '../server/change-format.ts';
import { changeText } from './change-text.ts';
import { type Output, OutputClosed } from './output.ts';

/** Until the node is closed, or nobody reads the lines any more: no reason for a node to stop. */
export async function logChanges(node: Node, isJson: boolean, out: Output): Promise<void> {
  for (;;) {
    try {
      for await (const { token: _, ...change } of node.watch())
        await out.line(isJson ? JSON.stringify(shownChange(change)) : changeText(change));
      return;
    } catch (error) {
      if (!(error instanceof BoatoError && error.code === 'CHANGES_GONE')) return endOf(error);
      await out.line(isJson ? JSON.stringify({ op: 'gone' }) : 'gone\there').catch(() => undefined);
    }
  }
}

/** A node that stops says why itself. */
function endOf(error: unknown): void {
  if (!(error instanceof OutputClosed || error instanceof BoatoError)) throw error;
}
