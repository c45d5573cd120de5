/**
 * Loaded into a node before its program (`--import`): the node stops when its standard input ends, as it does when the
 * demo is gone, however it went. A node that is used has a service manager for this.
 */

import { Socket } from 'node:net';

process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGTERM'));
// It is no reason to stay.
if (process.stdin instanceof Socket) process.stdin.unref();
