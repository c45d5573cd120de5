/** One node of the demo: a `store serve` process of its own, and how to talk to it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NodeStatus } from '../src/node/api.ts';

/** The executable, wherever the compiled demo lies below the package. */
export const STORE: string = join(packageFolder(dirname(fileURLToPath(import.meta.url))), 'bin', 'store.js');

const TETHER = new URL('./tether.js', import.meta.url).href;

export class NodeProcess {
  readonly name: string;
  readonly dir: string;
  readonly #logFile: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #socket = '';
  address = '';

  constructor(name: string, folder: string, args: readonly string[]) {
    this.name = name;
    this.dir = join(folder, name);
    this.#logFile = join(folder, `${name}.log`);
    this.#args = args;
  }

  /** Resolves when the node is ready. */
  async start(): Promise<void> {
    const args = ['serve', '--json', '--data', this.dir, '--name', this.name, '--port', '0', ...this.#args];
    // A process group of its own: Ctrl-C reaches the demo, which then stops its nodes in order.
    const child = spawn(process.execPath, ['--import', TETHER, STORE, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    child.stderr.pipe(createWriteStream(this.#logFile, { flags: 'a' }));
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(() => undefined);
    const line = await Promise.race([once(lines, 'line').then(([text]) => text as string), ended]);
    if (line === undefined)
      throw new Error(`node ${this.name} ended before it was ready; see ${this.#logFile}`);
    const ready = JSON.parse(line) as { address: string; socket: string };
    this.address = ready.address;
    this.#socket = ready.socket;
  }

  async signal(name: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(name);
    await ended;
  }

  status(): Promise<NodeStatus> {
    return this.#json('GET', '/v1/status');
  }

  async count(prefix = ''): Promise<number> {
    const { count } = await this.#json<{ count: number }>(
      'GET',
      `/v1/count?prefix=${encodeURIComponent(prefix)}`,
    );
    return count;
  }

  async get(key: string): Promise<unknown> {
    const { value } = await this.#json<{ value?: unknown }>('GET', `/v1/kv?key=${encodeURIComponent(key)}`);
    return value;
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.#json('PUT', `/v1/kv?key=${encodeURIComponent(key)}`, { value });
  }

  /** Until all peers hold what this node holds. */
  async syncAll(timeoutMs: number): Promise<void> {
    await this.#json('POST', '/v1/sync', { wait: true, timeoutMs });
  }

  collect(): Promise<{ collected: number; kept: number; reason?: string }> {
    return this.#json('POST', '/v1/collect');
  }

  /** SHA-256 of the whole export, which is in key order: equal sets have equal ones. */
  async exportHash(): Promise<{ hash: string; bytes: number }> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of await this.#request('GET', '/v1/export')) {
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).length;
    }
    return { hash: hash.digest('hex'), bytes };
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const pieces: Buffer[] = [];
    for await (const piece of await this.#request(method, path, body)) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString('utf8');
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  async #request(method: string, path: string, body?: unknown): Promise<AsyncIterable<unknown>> {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ socketPath: this.#socket, method, path, headers });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [AsyncIterable<unknown> & { statusCode?: number }];
    const { statusCode = 0 } = response;
    if (statusCode < 400 || statusCode === 404) return response;
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece as Buffer);
    throw new Error(`node ${this.name} answered ${statusCode}: ${Buffer.concat(pieces).toString('utf8')}`);
  }
}

function packageFolder(from: string): string {
  return existsSync(join(from, 'bin', 'store.js')) ? from : packageFolder(dirname(from));
}
