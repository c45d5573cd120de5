/** The store of a running node, over its socket. */

import type { ClientRequest } from 'node:http';
import type { CollectResult, Entry, NodeStatus, PutOptions, SyncResult, Value } from '../node/api.ts';
import type { ImportEvent, ImportOptions, ImportReport, ImportSummary } from '../server/import-lines.ts';
import { entryFromShown, type ShownEntry } from '../server/line-format.ts';
import { splitLines } from '../server/split-lines.ts';
import { valueToJson } from '../server/value-json.ts';
import { untilFailure } from './line-stream.ts';
import { SocketHttp } from './socket-http.ts';
import type { ListOptions, RunningNode, StoreClient, SyncRequest } from './store-client.ts';
import { errorMessage } from '../server/error-message.ts';

/** A node that is alive answers these at once; one that was stopped (SIGSTOP) takes connections and never answers. */
const ANSWER_TIMEOUT_MS = 30_000;

export class SocketClient implements StoreClient {
  readonly running: RunningNode;
  readonly #http: SocketHttp;

  constructor(running: RunningNode, dir: string) {
    this.running = running;
    const process = running.pid === undefined ? '' : ` (process ${running.pid})`;
    this.#http = new SocketHttp(running.socket, `The node of ${dir}${process}`);
  }

  async put(key: string, value: Value, options: PutOptions): Promise<void> {
    await this.#http.json('PUT', keyPath(key), { ...valueToJson(value), ...options }, ANSWER_TIMEOUT_MS);
  }

  async get(key: string): Promise<Entry | undefined> {
    const { status, body } = await this.#http.json('GET', keyPath(key), undefined, ANSWER_TIMEOUT_MS);
    return status === 404 ? undefined : entryFromShown(body as ShownEntry);
  }

  async del(key: string): Promise<boolean> {
    const { body } = await this.#http.json('DELETE', keyPath(key), undefined, ANSWER_TIMEOUT_MS);
    return (body as { readonly deleted: boolean }).deleted;
  }

  async *entries({ prefix, limit }: ListOptions): AsyncGenerator<Entry, void, undefined> {
    const query = limit === undefined ? '' : `&limit=${limit}`;
    const source = this.#download(`/v1/kv?prefix=${encodeURIComponent(prefix)}${query}`);
    for await (const lines of splitLines(source)) {
      for (const { text } of lines) yield entryFromShown(JSON.parse(text ?? '') as ShownEntry);
    }
  }

  async count(prefix: string): Promise<number> {
    const { body } = await this.#http.json('GET', `/v1/count?prefix=${encodeURIComponent(prefix)}`);
    return (body as { readonly count: number }).count;
  }

  async importLines(
    source: AsyncIterable<Uint8Array>,
    options: ImportOptions,
    report: ImportReport,
  ): Promise<ImportSummary> {
    const flags = `skipInvalid=${options.skipInvalid === true}&skipExisting=${options.skipExisting === true}`;
    const outgoing = this.#http.open('POST', `/v1/import?${flags}`);
    const sent = send(outgoing, source);
    const response = await this.#http.response(outgoing);
    let summary: ImportSummary | undefined;
    try {
      for await (const lines of splitLines(response as AsyncIterable<Uint8Array>)) {
        for (const { text } of lines) {
          const event = JSON.parse(text ?? '') as
            | ImportEvent
            | ({ readonly event: 'summary' } & ImportSummary);
          if (event.event !== 'summary') await report(event);
          else summary = summaryOf(event);
        }
        // The node does not read what follows a line at which it stopped.
        if (summary !== undefined) break;
      }
    } catch (error) {
      throw this.#http.explain(error);
    } finally {
      outgoing.destroy();
    }
    if (summary === undefined)
      throw this.#http.explain(Object.assign(new Error('no summary'), { code: 'ECONNRESET' }));
    const failure = summary.stopped === undefined ? await sent : undefined;
    if (failure === undefined) return summary;
    const message = errorMessage(failure);
    return { ...summary, stopped: { code: 'INPUT_UNREADABLE', message } };
  }

  exportLines(prefix: string): AsyncIterable<Uint8Array> {
    return this.#download(`/v1/export?prefix=${encodeURIComponent(prefix)}`);
  }

  async status(): Promise<NodeStatus> {
    return (await this.#http.json('GET', '/v1/status', undefined, ANSWER_TIMEOUT_MS)).body as NodeStatus;
  }

  async sync(request: SyncRequest): Promise<SyncResult> {
    return (await this.#http.json('POST', '/v1/sync', request)).body as SyncResult;
  }

  async collect(): Promise<CollectResult> {
    return (await this.#http.json('POST', '/v1/collect')).body as CollectResult;
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
  }

  async *#download(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    const outgoing = this.#http.open('GET', path);
    try {
      outgoing.end();
      yield* untilFailure((await this.#http.response(outgoing)) as AsyncIterable<Uint8Array>);
    } catch (error) {
      throw this.#http.explain(error);
    } finally {
      outgoing.destroy();
    }
  }
}

function summaryOf({
  event: _event,
  ...summary
}: { readonly event: 'summary' } & ImportSummary): ImportSummary {
  return summary;
}

/** The form of the address that works for every key. */
function keyPath(key: string): string {
  return `/v1/kv?key=${encodeURIComponent(key)}`;
}

/** Sends `source` as fast as the node takes it. Resolves with the error of `source`, if it had one. */
async function send(outgoing: ClientRequest, source: AsyncIterable<Uint8Array>): Promise<unknown> {
  try {
    for await (const chunk of source) {
      if (outgoing.destroyed) return undefined;
      if (!outgoing.write(chunk)) await drained(outgoing);
    }
    return undefined;
  } catch (error) {
    return error;
  } finally {
    outgoing.end();
  }
}

function drained(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done).off('close', done);
      resolve();
    };
    outgoing.on('drain', done).on('close', done);
  });
}
