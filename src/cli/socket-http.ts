/** HTTP over a Unix domain socket, with one sentence for everything that can go wrong. */

import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { BoatoError, type ErrorCode } from '../core/errors.ts';
import type { ErrorBody } from '../server/http-errors.ts';
import { SilenceWatch } from './silence-watch.ts';

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
  readonly headers?: Readonly<Record<string, string>>;
  /** What may be the case if no answer comes, and what to do: the second half of that sentence. */
  readonly doubt?: string;
}

export class SocketHttp {
  readonly #socketPath: string;
  /** Begins the sentence of a broken connection, such as `The node of data/node (process 12)`. */
  readonly #peer: string;
  /** How long the server may give no sign of life while it owes an answer. */
  readonly #silenceMs: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(socketPath: string, peer: string, silenceMs: number) {
    this.#socketPath = socketPath;
    this.#peer = peer;
    this.#silenceMs = silenceMs;
  }

  /** Rejects with the error that the server answered, save for 404 `NOT_FOUND`, and with `TIMEOUT`. */
  async json(method: Method, path: string, call: JsonCall = {}): Promise<JsonAnswer> {
    const { body, headers, doubt } = call;
    const outgoing = this.open(method, path, headers);
    const watch = this.watch(outgoing);
    try {
      watch.expect('answer');
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      const response = await this.response(outgoing);
      const text = await readText(response);
      return { status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) };
    } catch (error) {
      throw this.explain(error, watch, doubt);
    } finally {
      watch.stop();
    }
  }

  /** The body of an answer, as it comes. Rejects as `json` does. */
  async *download(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    const outgoing = this.open('GET', path);
    const watch = this.watch(outgoing);
    try {
      watch.expect('answer');
      outgoing.end();
      const response = await this.response(outgoing);
      const chunks = (response as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      for (;;) {
        const next = await chunks.next();
        // While the reader of this is slow, the server owes nothing.
        watch.got('answer');
        if (next.done === true) return;
        yield next.value;
        watch.expect('answer');
      }
    } catch (error) {
      throw this.explain(error, watch);
    } finally {
      watch.stop();
      outgoing.destroy();
    }
  }

  /** Ends the request when the server owes something and gives no sign of life: no byte, and no interim answer (102). */
  watch(outgoing: ClientRequest): SilenceWatch {
    const watch = new SilenceWatch(this.#silenceMs, () =>
      outgoing.destroy(new Error('It gives no sign of life.')),
    );
    outgoing.on('information', () => watch.sawLife());
    return watch;
  }

  open(method: Method, path: string, headers: Readonly<Record<string, string>> = {}): ClientRequest {
    return request({
      socketPath: this.#socketPath,
      agent: this.#agent,
      method,
      path,
      headers: { host: 'localhost', 'content-type': 'application/json', ...headers },
    });
  }

  /** The head of the answer. Rejects with the error that the server answered, save for 404 `NOT_FOUND`. */
  async response(outgoing: ClientRequest): Promise<IncomingMessage> {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    // A connection that breaks later is seen by whoever reads the answer.
    outgoing.on('error', () => undefined);
    const { statusCode = 0 } = response;
    if (statusCode < 400 || statusCode === 404) return response;
    throw serverError(JSON.parse(await readText(response)) as ErrorBody);
  }

  /** The sentence for an error of the connection that was watched; other errors as they are. */
  explain(error: unknown, watch: SilenceWatch, doubt?: string): unknown {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof BoatoError) return error;
    if (watch.isSilent) {
      const message = `${this.#peer} did not answer within ${this.#silenceMs / 1000} s`;
      return new BoatoError('TIMEOUT', withDoubt(message, doubt), { cause: error });
    }
    if (typeof code !== 'string') return error;
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
