/** The HTTP server on a fake node: without a socket, or on one for tests of broken connections. */

import type { FastifyInstance, InjectOptions } from 'fastify';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { createHttpServer } from '../../src/server/http-server.ts';
import { serveLocally, type LocalServer } from '../../src/server/local-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { FakeNode } from './fake-node.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface FakeServer {
  readonly node: FakeNode;
  readonly app: FastifyInstance;
  readonly stopping: AbortController;
  readonly ask: (
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    url: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
}

export function fakeServer(): FakeServer {
  const node = new FakeNode();
  const stopping = new AbortController();
  const app = createHttpServer(node, silentLog, stopping.signal);
  onTestFinished(() => app.close());
  return {
    node,
    app,
    stopping,
    async ask(method, url, body, headers) {
      const options: InjectOptions = {
        method,
        url,
        headers: { 'content-type': 'application/json', ...headers },
      };
      if (body !== undefined) options.payload = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await app.inject(options);
      const { statusCode: status, body: text } = response;
      return { status, body: parse(text), text, headers: response.headers };
    },
  };
}

export interface LocalFake {
  readonly node: FakeNode;
  readonly dir: string;
  readonly server: LocalServer;
  readonly open: (method: string, path: string) => ClientRequest;
}

export async function localFake(): Promise<LocalFake> {
  const node = new FakeNode();
  const dir = await temporaryFolder();
  const server = await serveLocally(node, dir, silentLog);
  onTestFinished(() => server.close());
  return {
    node,
    dir,
    server,
    open: (method, path) => request({ socketPath: server.socket, method, path, agent: false }),
  };
}

export async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

export function parseLines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
