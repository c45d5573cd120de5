/** `store serve --log-changes`: a line for each change that arrives at the node. */

import { BoatoError } from '../core/errors.ts';
import type { Node } from '../node/api.ts';
import type { Log } from '../ports/log.ts';
import { shownChange } from '../server/change-format.ts';
import { changeText } from './change-text.ts';
import { type Output, OutputClosed } from './output.ts';

/** Until the node is closed, or nobody reads the lines any more: no reason for a node to stop. Never fails. */
export async function logChanges(node: Node, isJson: boolean, out: Output, log: Log): Promise<void> {
  try {
    while (await printAll(node, isJson, out));
  } catch (error) {
    // A node that stops says why itself.
    if (error instanceof OutputClosed || error instanceof BoatoError) return;
    log.warn({ error: String(error) }, 'Changes are not printed any more.');
  }
}

/** Whether it is to go on from now, as some changes could not be told. */
async function printAll(node: Node, isJson: boolean, out: Output): Promise<boolean> {
  try {
    for await (const { token: _, ...change } of node.watch())
      await out.line(isJson ? JSON.stringify(shownChange(change)) : changeText(change));
    return false;
  } catch (error) {
    if (!(error instanceof BoatoError && error.code === 'CHANGES_GONE')) throw error;
    const { message } = error;
    await out.line(isJson ? JSON.stringify({ op: 'gone', message }) : `gone\there\t${message}`);
    return true;
  }
}
