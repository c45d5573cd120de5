/** The store of a running node, over its socket. */

import type { ClientRequest } from 'node:http';
import type {
  AggregateResult,
  Change,
  ClockRepairResult,
  CollectResult,
  DeleteOptions,
  DeleteResult,
  Entry,
  NodeStatus,
  PutOptions,
  PutResult,
  SyncResult,
  UserEvent,
  Value,
  VerifyResult,
} from '../node/api.ts';
import { versionText } from '../server/conditions.ts';
import {
  IMPORT_ABORTED,
  type ImportEvent,
  type ImportOptions,
  type ImportReport,
  type ImportSummary,
} from '../server/import-lines.ts';
import { entryFromShown, type ShownEntry } from '../server/line-format.ts';
import { splitLines } from '../server/split-lines.ts';
import { valueToJson } from '../server/value-json.ts';
import { readChanges } from './change-stream.ts';
import { readEvents } from './event-stream.ts';
import { ClusterClient } from './cluster-client.ts';
import { untilFailure } from './line-stream.ts';
import type { SilenceWatch } from './silence-watch.ts';
import { SocketHttp } from './socket-http.ts';
import type {
  AfterOptions,
  ListOptions,
  RunningNode,
  StoreClient,
  SyncRequest,
  WatchRequest,
} from './store-client.ts';
import { counted } from './units.ts';
import { errorMessage } from '../server/error-message.ts';

/** A node that is alive says so every second; one that was stopped (SIGSTOP) takes connections and never answers. */
const SILENCE_MS = 30_000;

export class SocketClient implements StoreClient {
  readonly running: RunningNode;
  readonly cluster: ClusterClient;
  readonly #http: SocketHttp;

  constructor(running: RunningNode, dir: string, silenceMs: number = SILENCE_MS) {
    this.running = running;
    const process = running.pid === undefined ? '' : ` (process ${running.pid})`;
    this.#http = new SocketHttp(running.socket, `The node of ${dir}${process}`, silenceMs);
    this.cluster = new ClusterClient(this.#http);
  }

  async put(key: string, value: Value, options: PutOptions): Promise<PutResult> {
    const { ifVersion, ifAbsent, acks, timeoutMs, ...expiry } = options;
    const { body } = await this.#http.json('PUT', `${keyPath(key)}${acksQuery(acks, timeoutMs)}`, {
      body: { ...valueToJson(value), ...expiry },
      headers: { ...ifMatch(ifVersion), ...(ifAbsent === true ? { 'if-none-match': '*' } : {}) },
      doubt: 'the value may be stored, or may still be: look with `store get`, or put it again',
    });
    return body as PutResult;
  }

  async get(key: string, options: AfterOptions): Promise<Entry | undefined> {
    const { status, body } = await this.#http.json('GET', `${keyPath(key)}${afterQuery(options)}`);
    return status === 404 ? undefined : entryFromShown(body as ShownEntry);
  }

  async del(key: string, { ifVersion, acks, timeoutMs }: DeleteOptions): Promise<DeleteResult> {
    const { body } = await this.#http.json('DELETE', `${keyPath(key)}${acksQuery(acks, timeoutMs)}`, {
      headers: ifMatch(ifVersion),
      doubt: 'keys may be deleted, or may still be: look with `store get`, or delete them again',
    });
    return body as DeleteResult;
  }

  async *entries({ prefix, limit, ...after }: ListOptions): AsyncGenerator<Entry, void, undefined> {
    const query = `${limit === undefined ? '' : `&limit=${limit}`}${afterQuery(after)}`;
    const source = untilFailure(this.#http.download(`/v1/kv?prefix=${encodeURIComponent(prefix)}${query}`));
    for await (const lines of splitLines(source)) {
      for (const { text } of lines) yield entryFromShown(JSON.parse(text ?? '') as ShownEntry);
    }
  }

  async count(prefix: string, options: AfterOptions): Promise<number> {
    const path = `/v1/count?prefix=${encodeURIComponent(prefix)}${afterQuery(options)}`;
    const { body } = await this.#http.json('GET', path);
    return (body as { readonly count: number }).count;
  }

  watch(
    { prefix, since }: WatchRequest,
    onToken: (token: string) => void,
  ): AsyncGenerator<Change | 'begun', undefined, undefined> {
    const query = since === undefined ? '' : `&since=${encodeURIComponent(since)}`;
    const source = this.#http.download(`/v1/changes?prefix=${encodeURIComponent(prefix)}${query}`);
    return readChanges(source, onToken);
  }

  async broadcast(name: string, payload: Value): Promise<void> {
    const { value, type } = valueToJson(payload);
    await this.#http.json('POST', `/v1/events/${encodeURIComponent(name)}`, {
      body: { payload: value, type },
    });
  }

  events(): AsyncGenerator<UserEvent | 'begun', undefined, undefined> {
    return readEvents(this.#http.download('/v1/events'));
  }

  async importLines(
    source: AsyncIterable<Uint8Array>,
    options: ImportOptions,
    report: ImportReport,
  ): Promise<ImportSummary> {
    const flags = `skipInvalid=${options.skipInvalid === true}&skipExisting=${options.skipExisting === true}`;
    const outgoing = this.#http.open('POST', `/v1/import?${flags}`);
    const watch = this.#http.watch(outgoing);
    let stored = 0;
    let summary: ImportSummary | undefined;
    let sent: Promise<unknown>;
    try {
      watch.expect('answer');
      sent = send(outgoing, source, watch);
      const response = await this.#http.response(outgoing);
      watch.got('answer');
      for await (const lines of splitLines(watched(response as AsyncIterable<Uint8Array>, watch))) {
        for (const { text } of lines) {
          const event = JSON.parse(text ?? '') as
            | ImportEvent
            | ({ readonly event: 'summary' } & ImportSummary);
          if (event.event === 'progress') stored = event.imported;
          if (event.event !== 'summary') await report(event);
          else summary = summaryOf(event);
        }
        // The node does not read what follows a line at which it stopped.
        if (summary !== undefined) break;
      }
      if (summary === undefined) throw Object.assign(new Error('no summary'), { code: 'ECONNRESET' });
    } catch (error) {
      throw this.#http.explain(error, watch, importDoubt(stored));
    } finally {
      watch.stop();
      outgoing.destroy();
    }
    if (summary.stopped !== undefined) return summary;
    const failure = await sent;
    if (failure !== undefined) {
      const message = errorMessage(failure);
      return { ...summary, stopped: { code: 'INPUT_UNREADABLE', message } };
    }
    return options.signal?.aborted === true ? { ...summary, stopped: IMPORT_ABORTED } : summary;
  }

  exportLines(prefix: string): AsyncIterable<Uint8Array> {
    return untilFailure(this.#http.download(`/v1/export?prefix=${encodeURIComponent(prefix)}`));
  }

  backupStream(): AsyncIterable<Uint8Array> {
    return this.#http.download('/v1/backup');
  }

  async status(): Promise<NodeStatus> {
    return (await this.#http.json('GET', '/v1/status')).body as NodeStatus;
  }

  async sync(request: SyncRequest): Promise<SyncResult> {
    return (await this.#http.json('POST', '/v1/sync', { body: request })).body as SyncResult;
  }

  async aggregate(name: string): Promise<AggregateResult> {
    return (await this.#http.json('GET', `/v1/aggregate/${encodeURIComponent(name)}`))
      .body as AggregateResult;
  }

  async collect(): Promise<CollectResult> {
    const doubt = 'it may go on by itself, and does no harm';
    return (await this.#http.json('POST', '/v1/collect', { doubt })).body as CollectResult;
  }

  async verify(repair: boolean): Promise<VerifyResult> {
    const doubt = repair ? { doubt: 'the repair may be done, or may still be: run it again' } : {};
    return (await this.#http.json('POST', '/v1/verify', { body: { repair }, ...doubt })).body as VerifyResult;
  }

  async repairClock(all: boolean): Promise<ClockRepairResult> {
    const doubt = 'the repair may be done, or may still be: run it again, which does no harm';
    return (await this.#http.json('POST', '/v1/clock/repair', { body: { all }, doubt }))
      .body as ClockRepairResult;
  }

  close(): Promise<void> {
    this.#http.close();
    return Promise.resolve();
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

function ifMatch(version: DeleteOptions['ifVersion']): Readonly<Record<string, string>> {
  return version === undefined ? {} : { 'if-match': `"${versionText(version)}"` };
}

/** To be put behind another parameter. */
function afterQuery({ after, timeoutMs }: AfterOptions): string {
  const wait = timeoutMs === undefined ? '' : `&timeoutMs=${timeoutMs}`;
  return after === undefined ? '' : `&after=${encodeURIComponent(after)}${wait}`;
}

/** To be put behind another parameter. */
function acksQuery(acks: number | undefined, timeoutMs: number | undefined): string {
  const wait = timeoutMs === undefined ? '' : `&timeoutMs=${timeoutMs}`;
  return acks === undefined ? '' : `&acks=${acks}${wait}`;
}

function importDoubt(stored: number): string {
  return `at least ${counted(stored, 'entry', 'entries')} of the import ${stored === 1 ? 'is' : 'are'} stored, and more may be: a second run with --skip-existing goes on`;
}

async function* watched(
  source: AsyncIterable<Uint8Array>,
  watch: SilenceWatch,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    watch.sawLife();
    yield chunk;
  }
}

/** Sends `source` as fast as the node takes it. Resolves with the error of `source`, if it had one. */
async function send(
  outgoing: ClientRequest,
  source: AsyncIterable<Uint8Array>,
  watch: SilenceWatch,
): Promise<unknown> {
  try {
    for await (const chunk of source) {
      if (outgoing.destroyed) return undefined;
      if (outgoing.write(chunk)) continue;
      watch.expect('reading');
      await drained(outgoing);
      watch.got('reading');
    }
    return undefined;
  } catch (error) {
    return error;
  } finally {
    watch.expect('end');
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
