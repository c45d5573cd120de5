/** A log that says nothing: the default of the library. */

import type { Log } from '../ports/log.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
