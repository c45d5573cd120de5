/** Settings as `openNode` takes them. */

import { formatAddress } from '../../adapters/address.ts';
import type { NodeOptions } from '../../node/api.ts';
import type { BaseOptions } from '../base-command.ts';
import type { Settings } from './table.ts';

/** What is not named here goes to the node under its own name. */
export function nodeOptions(options: BaseOptions & Settings): Omit<NodeOptions, 'log'> {
  const {
    json: _form,
    config: _file,
    logLevel: _ofLog,
    printStateMs: _ofLines,
    logChanges: _ofChanges,
    data,
    host,
    port,
    ...others
  } = options;
  const { keyBytesMax, valueBytesMax, batchBytesMax, batchEntriesMax, ...node } = others;
  return {
    ...node,
    dir: data,
    listen: formatAddress(host, port),
    limits: { keyBytesMax, valueBytesMax, batchBytesMax, batchEntriesMax },
  };
}
