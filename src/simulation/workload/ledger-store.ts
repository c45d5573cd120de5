/** The node on a machine as what is built on it sees it (a counter, a set, a document): what that writes is in the ledger. */

import type { Node, Store } from '../../node/api.ts';
import { TooFewAcksError, type WriteResult } from '../../node/write-concern.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { dotsOf, type DrawnWrite, entered } from './writing.ts';

/** One for each process. */
const storeByNode = new WeakMap<Node, Store>();

/** Of a machine that is up. */
export function ledgerStore(scene: Scene, machine: Machine, node: Node): Store {
  let store = storeByNode.get(node);
  if (store === undefined) storeByNode.set(node, (store = makeStore(scene, machine, node)));
  return store;
}

function makeStore(scene: Scene, machine: Machine, node: Node): Store {
  const writing = async <Result extends WriteResult>(
    drawn: readonly DrawnWrite[],
    write: () => Promise<Result>,
  ): Promise<Result> => {
    let result: Result | undefined;
    let tooFew: TooFewAcksError | undefined;
    await entered(scene, machine, drawn, async () => {
      try {
        result = await write();
        return dotsOf(result);
      } catch (error) {
        if (!(error instanceof TooFewAcksError)) throw error;
        // It is written all the same.
        tooFew = error;
        return dotsOf(error.result);
      }
    });
    if (tooFew !== undefined) throw tooFew;
    return result as Result;
  };
  const writes: Pick<Store, 'put' | 'del' | 'batch'> = {
    put: (key, value, options) => writing([{ key, value }], () => node.put(key, value, options)),
    del: (key, options) => writing([{ key }], () => node.del(key, options)),
    batch: (operations, options) => writing(operations, () => node.batch(operations, options)),
  };
  return new Proxy(node, {
    get(target, name) {
      if (name in writes) return writes[name as keyof typeof writes];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
