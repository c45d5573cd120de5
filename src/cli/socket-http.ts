/** HTTP over a Unix domain socket, with one sentence for everything that can go wrong. */

import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { BoatoError, type ErrorCode } from '../core/errors.ts';
import type { ErrorBody } from '../server/http-errors.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface JsonAnswer {
  readonly status: number;
  /** `undefined` if there was no body. */
  readonly body: unknown;
}

/** Whether somebody listens on `path`. A path that is too long would be cut, and lead to another socket. */
export async function canConnect(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export interface JsonCall {
  readonly body?: unknown;
  readonly timeoutMs?: number;
  /** What may be the case if no answer comes, and what to do: the second half of that sentence. */
  readonly doubt?: string;
}

export class SocketHttp {
  readonly #socketPath: string;
  /** Begins the sentence of a broken connection, such as `The node of data/node (process 12)`. */
  readonly #peer: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(socketPath: string, peer: string) {
    this.#socketPath = socketPath;
    this.#peer = peer;
  }

  /** Rejects with the error that the server answered, save for 404 `NOT_FOUND`, and with `TIMEOUT`. */
  async json(method: Method, path: string, call: JsonCall = {}): Promise<JsonAnswer> {
    const { body, timeoutMs, doubt } = call;
    const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const outgoing = this.open(method, path, timeout);
    try {
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      const response = await this.response(outgoing, doubt);
      const text = await readText(response);
      return { status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) };
    } catch (error) {
      if (timeout?.aborted === true) throw this.silent(timeoutMs ?? 0, doubt, error);
      throw this.explain(error, doubt);
    }
  }

  open(method: Method, path: string, signal?: AbortSignal): ClientRequest {
    return request({
      socketPath: this.#socketPath,
      agent: this.#agent,
      method,
      path,
      headers: { host: 'localhost', 'content-type': 'application/json' },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** The head of the answer. Rejects with the error that the server answered, save for 404 `NOT_FOUND`. */
  async response(outgoing: ClientRequest, doubt?: string): Promise<IncomingMessage> {
    let response: IncomingMessage;
    try {
      [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    } catch (error) {
      throw this.explain(error, doubt);
    }
    // A connection that breaks later is seen by whoever reads the answer.
    outgoing.on('error', () => undefined);
    const { statusCode = 0 } = response;
    if (statusCode < 400 || statusCode === 404) return response;
    throw serverError(JSON.parse(await readText(response)) as ErrorBody);
  }

  /** The sentence for an error of the connection; other errors as they are. */
  explain(error: unknown, doubt?: string): unknown {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof BoatoError || typeof code !== 'string') return error;
    // Nothing was sent: nothing can have been done.
    if (code === 'ECONNREFUSED' || code === 'ENOENT')
      return new BoatoError('STORE_CLOSED', `${this.#peer} has just gone away: try again.`, { cause: error });
    return new BoatoError(
      'STORE_CLOSED',
      withDoubt(`${this.#peer} went away before it had answered`, doubt),
      {
        cause: error,
      },
    );
  }

  /** The error of a node that lets `limitMs` pass without a sign of life. */
  silent(limitMs: number, doubt?: string, cause?: unknown): BoatoError {
    const message = `${this.#peer} did not answer within ${limitMs / 1000} s`;
    return new BoatoError('TIMEOUT', withDoubt(message, doubt), { cause });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function withDoubt(sentence: string, doubt: string | undefined): string {
  return doubt === undefined ? `${sentence}.` : `${sentence}; ${doubt}.`;
}

export function serverError({ code, message }: ErrorBody): BoatoError {
  return new BoatoError(code as ErrorCode, message);
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
