/** Conversations as they went over the wire, in files that stay: later versions are held to them. */

import { readFileSync } from 'node:fs';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message } from '../../src/gossip/messages.ts';
import type { GossipCluster, Sent } from './gossip-fixture.ts';
import { addressOf } from './gossip-fixture.ts';

export interface Recorded {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
  readonly message: Message;
}

/** A part begins with `# NAME`; each line in it is `FROM TO HEX`. */
export function readConversation(url: URL): ReadonlyMap<string, readonly Recorded[]> {
  const parts = readFileSync(url, 'utf8').split(/^# /mu).slice(1);
  return new Map(
    parts.map((part) => {
      const [name = '', ...lines] = part.trim().split('\n');
      return [name, lines.map(recorded)] as const;
    }),
  );
}

function recorded(line: string): Recorded {
  const [from = '', to = '', hex = ''] = line.split(' ');
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
  return { from, to, bytes, message: decodeMessage(bytes, packer) };
}

export function conversationText(parts: Readonly<Record<string, readonly Sent[]>>): string {
  return Object.entries(parts)
    .map(([name, sent]) => {
      const lines = sent.map(({ from, to, body }) => `${from} ${to} ${Buffer.from(body).toString('hex')}`);
      return `# ${name}\n${lines.join('\n')}\n`;
    })
    .join('');
}

/** Listens at `host`, and answers each request with the next recorded reply to one of its type. */
export async function answerAsRecorded(
  cluster: GossipCluster,
  host: string,
  part: readonly Recorded[],
): Promise<void> {
  const own = part.filter(({ from }) => from === host).map(({ message }) => message);
  const replies = own.filter((message) => 'request' in message);
  await cluster.transport(host).listen(addressOf(host), (connection) => {
    const send = (message: Message): void => void connection.send(encodeMessage(message, packer));
    connection.start({
      onMessage: (bytes) => {
        const asked = decodeMessage(bytes, packer);
        if (!('request' in asked)) return;
        const type = asked.type === 'open' ? 'opened' : `${asked.type}-reply`;
        const at = replies.findIndex((reply) => reply.type === type);
        const [reply] = at < 0 ? [] : replies.splice(at, 1);
        if (reply !== undefined) send({ ...reply, request: asked.request });
      },
      onClose: () => {},
    });
    for (const message of own.filter(({ type }) => type === 'hello')) send(message);
  });
}

/** Dials `to` as `host`, asks what was asked there, and answers with what was answered then, and is answered now. */
export async function askAsRecorded(
  cluster: GossipCluster,
  host: string,
  to: string,
  part: readonly Recorded[],
): Promise<{ readonly recorded: readonly object[]; readonly heard: readonly object[] }> {
  const heard: Message[] = [];
  const connection = await cluster.transport(host).dial(addressOf(to));
  connection.start({ onMessage: (bytes) => heard.push(decodeMessage(bytes, packer)), onClose: () => {} });
  const then = part
    .filter(({ from, message }) => from === to && isReply(message))
    .map(({ message }) => message);
  const sessionNow = (): string =>
    heard.flatMap((message) => (message.type === 'opened' ? message.session : []))[0] ?? '';
  for (const { from, message } of part) {
    if (from !== host || isReply(message)) continue;
    const said = 'session' in message ? { ...message, session: sessionNow() } : message;
    await connection.send(encodeMessage(said, packer));
    await cluster.pass(0);
  }
  connection.close();
  const now = heard.filter(isReply);
  return { recorded: then.map(essence), heard: now.map(essence) };
}

function isReply({ type }: Message): boolean {
  return type.endsWith('-reply') || type === 'opened' || type === 'compared' || type === 'failure';
}

/** Without what is another one each time. */
function essence(message: Message): object {
  const { wallMs: _wallMs, session: _session, ...rest } = message as Message & Record<string, unknown>;
  return rest;
}
