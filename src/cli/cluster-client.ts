/** The cluster of a running node, over its socket. */

import type { ForgetResult, JoinResult, Member, MemberStatus } from '../node/api.ts';
import { readServerSentEvents } from './server-sent-events.ts';
import type { SocketHttp } from './socket-http.ts';

/** `members`: all of them; else one that changed. */
export type MemberChange =
  | { readonly event: 'members'; readonly members: readonly Member[] }
  | { readonly event: MemberStatus | 'updated'; readonly member: Member };

export class ClusterClient {
  readonly #http: SocketHttp;

  constructor(http: SocketHttp) {
    this.#http = http;
  }

  async members(): Promise<readonly Member[]> {
    const { body } = await this.#http.json('GET', '/v1/members');
    return (body as { readonly members: readonly Member[] }).members;
  }

  /** The members as they are, then each that changes. */
  async *changes(): AsyncGenerator<MemberChange, undefined, undefined> {
    for await (const { event, data } of readServerSentEvents(this.#http.download('/v1/members/changes'))) {
      if (event === 'members') yield { event, members: JSON.parse(data) as Member[] };
      else yield { event: event as MemberStatus | 'updated', member: JSON.parse(data) as Member };
    }
    return undefined;
  }

  async join(addresses: readonly string[], timeoutMs: number | undefined): Promise<JoinResult> {
    const body = timeoutMs === undefined ? { addresses } : { addresses, timeoutMs };
    const doubt = 'it goes on trying by itself';
    return (await this.#http.json('POST', '/v1/join', { body, doubt })).body as JoinResult;
  }

  async leave(timeoutMs: number | undefined): Promise<void> {
    const body = timeoutMs === undefined ? {} : { timeoutMs };
    await this.#http.json('POST', '/v1/leave', { body, doubt: 'it may have left: look with `store status`' });
  }

  async forget(nodeId: string, forEver: boolean): Promise<ForgetResult> {
    const doubt = 'it may be forgotten: look with `store members`, or forget it again';
    const { body } = await this.#http.json('POST', '/v1/forget', { body: { nodeId, forEver }, doubt });
    return body as ForgetResult;
  }
}
