/** Turns a fresh connection into a link: hello in both directions, checks, a time limit. */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { hostOf, isHost } from '../core/host.ts';
import type { MemberMessage } from '../membership/member-messages.ts';
import type { Clock } from '../ports/clock.ts';
import type { Packer } from '../ports/packer.ts';
import type { Connection } from '../ports/transport.ts';
import type { Admission } from './admission.ts';
import { Channel } from './channel.ts';
import {
  commonVersion,
  differingSettings,
  HELLO_TIMEOUT_MS,
  helloOf,
  rangeOf,
  refusal,
  retiredName,
  type Self,
  SPOKEN,
} from './handshake.ts';
import type { Link } from './link.ts';
import { speaksOfMembers } from './member-links.ts';
import type { Hello, Reject } from './greeting-messages.ts';
import type { Request, ViewMessage } from './messages.ts';
import type { Penalties } from './penalties.ts';
import { mayAsk } from './protocol-version.ts';
import type { Responder } from './responder.ts';
import { ServingFailure } from './serving-failure.ts';
import type { SessionServer } from './session-server.ts';
import type { Warnings } from './warnings.ts';

export interface Refusal {
  readonly reject: Reject;
  readonly by: 'self' | 'peer';
  /** Of the other side, if it said one. */
  readonly hello: Hello | undefined;
}

export interface GreeterEvents {
  readonly onLink: (link: Link) => void;
  /** The two may not talk. The connection closes. */
  readonly onRefused: (refusal: Refusal) => void;
  /** Once, for every connection; `link` if it had become one. */
  readonly onClose: (channel: Channel, link: Link | undefined, reason: string | undefined) => void;
}

export interface GreeterDependencies {
  readonly self: Self;
  readonly packer: Packer;
  readonly clock: Clock;
  readonly warnings: Warnings;
  readonly responder: Responder;
  readonly server: SessionServer;
  readonly penalties: Penalties;
  /** What another member tells. */
  readonly onMemberMessage: (link: Link, message: MemberMessage | ViewMessage) => void;
  readonly admission: Admission;
  /** Whether a node of this name is gone for ever. */
  readonly isRetired: (nodeId: NodeId) => boolean;
  /** By which host a peer knows this node. */
  readonly onSeen: (host: string) => void;
}

/** Who misbehaves again within it, does so under the same warning. */
const MISBEHAVED_LASTS_MS = 600_000;

const OF_LATER_VERSION = 'a message of a later version';

export class Greeter {
  readonly #dependencies: GreeterDependencies;
  readonly #channels = new Set<Channel>();
  readonly #links = new Set<{ readonly link: Link; readonly host: string }>();
  /** Malformed messages so far, of all connections. */
  malformed = 0;

  constructor(dependencies: GreeterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Says hello on `connection`, and tells what comes of it. `address`: as configured, or as seen. */
  greet(connection: Connection, direction: Link['direction'], address: string, events: GreeterEvents): void {
    const { self, packer, clock, warnings, responder, server, penalties } = this.#dependencies;
    const provenName = provenBy(connection);
    let hello: Hello | undefined;
    let link: Link | undefined;
    /** While it is not clear whether the other side may come in. */
    let isJudged: Promise<void> | undefined;
    const cancelTimer = clock.after(HELLO_TIMEOUT_MS, () => channel.close('it said no hello in time'));
    const refuse = (reject: Reject): void => {
      channel.notify(reject);
      events.onRefused({ reject, by: 'self', hello });
      channel.close(reject.reason);
    };
    const admit = (said: Hello): void => {
      if (!channel.isOpen) return;
      tellDifferences(warnings, self, said);
      this.#dependencies.onSeen(said.contact?.seenHost ?? '');
      link = { ...linkOf(said, clock), channel, direction, address };
      this.#links.add({ link, host: hostOf(connection.remote) });
      events.onLink(link);
    };
    const channel: Channel = new Channel(connection, packer, clock, {
      onHello: (said) => {
        hello = said;
        cancelTimer();
        const reject =
          refusal(self, said, provenName) ??
          (this.#dependencies.isRetired(said.nodeId) ? retiredName(said.nodeId) : undefined) ??
          this.#whyToWait(offenderOf(connection, said));
        if (reject !== undefined) return refuse(reject);
        const judgement = this.#dependencies.admission.judge(said);
        if (judgement === undefined) return admit(said);
        isJudged = judgement.then((found) => (found === undefined ? admit(said) : refuse(found)));
        return undefined;
      },
      onReject: (reject) => {
        events.onRefused({ reject, by: 'peer', hello });
        channel.close(reject.reason);
      },
      onRequest: async (request: Request) => {
        if (link === undefined) await isJudged;
        if (link !== undefined && !mayAsk(request.type, link.protocolVersion)) {
          channel.closeMalformed(OF_LATER_VERSION);
          throw new ServingFailure('invalid', OF_LATER_VERSION);
        }
        return responder.answer(link, request);
      },
      onNotice: (notice) => {
        if (link !== undefined) server.notice(link.nodeId, notice);
      },
      onMemberMessage: (message) => {
        if (link === undefined) return;
        if (!speaksOfMembers(link)) throw new MalformedBytes(OF_LATER_VERSION);
        this.#dependencies.onMemberMessage(link, message);
      },
      onClose: (reason) => {
        cancelTimer();
        this.#channels.delete(channel);
        for (const known of this.#links) if (known.link === link) this.#links.delete(known);
        events.onClose(channel, link, reason);
      },
      onMalformed: (reason) => {
        this.malformed++;
        const offender = link === undefined ? hostOf(connection.remote) : offenderOf(connection, link);
        const waitMs = penalties.punish(offender);
        if (direction === 'outbound') penalties.punish(address);
        const who = link === undefined ? `The other end of ${address}` : `Node ${link.nodeId} at ${address}`;
        const message = `${who} broke the protocol (${reason}): that connection was closed, and it may come again after ${Math.ceil(waitMs / 1000)} s.`;
        warnings.raise('PEER_MISBEHAVED', link?.nodeId ?? hostOf(address), message, MISBEHAVED_LASTS_MS);
      },
    });
    this.#channels.add(channel);
    const reject = whyUnproven(connection) ?? this.#whyHostWaits(connection, direction);
    if (reject === undefined) return channel.start(helloOf(self, seenHostOf(connection)));
    if (reject.code !== 'misbehaved') events.onRefused({ reject, by: 'self', hello: undefined });
    return channel.refuse(reject);
  }

  /** How long to leave the peer at `address` alone because it broke the protocol, in milliseconds. */
  penaltyMs(address: string): number {
    return this.#dependencies.penalties.remainingMs(address);
  }

  #whyToWait(offender: string): Reject | undefined {
    const waitMs = this.#dependencies.penalties.remainingMs(offender);
    return waitMs === 0 ? undefined : misbehaved(waitMs);
  }

  /** Strangers are one with their host; but nodes behind one host must not suffer for a stranger there. */
  #whyHostWaits({ remote }: Connection, direction: Link['direction']): Reject | undefined {
    const host = hostOf(remote);
    const isKnown = [...this.#links].some((known) => known.host === host);
    return direction === 'outbound' || isKnown ? undefined : this.#whyToWait(host);
  }

  /** Closes every connection, and says why. */
  shutDown(): void {
    const reason = 'the node stops';
    for (const channel of this.#channels) {
      channel.notify({ type: 'reject', code: 'shutdown', reason });
      channel.close(reason);
    }
  }
}

function linkOf(
  hello: Hello,
  clock: Clock,
): Pick<Link, 'nodeId' | 'bootNonce' | 'protocolVersion' | 'contact' | 'sinceMs'> {
  const { nodeId, bootNonce, contact } = hello;
  const protocolVersion = commonVersion(SPOKEN, rangeOf(hello)) ?? SPOKEN.newest;
  const sinceMs = clock.monotonicMs();
  return { nodeId, bootNonce, protocolVersion, sinceMs, ...(contact === undefined ? {} : { contact }) };
}

/** A zone means something on this machine only. */
function seenHostOf({ remote }: Connection): string {
  const host = hostOf(remote).replace(/^::ffff:(?=\d+\.)/iu, '');
  return isHost(host) && !host.includes('%') ? host : '';
}

function provenBy({ identity }: Connection): string | undefined {
  return identity !== undefined && 'name' in identity ? identity.name : undefined;
}

function whyUnproven({ identity }: Connection): Reject | undefined {
  if (identity === undefined || 'name' in identity) return undefined;
  return { type: 'reject', code: 'certificate', reason: identity.problem };
}

/** Under what name offences are kept: where nothing is proven, nobody else's may be used up. */
function offenderOf(connection: Connection, { nodeId }: Pick<Link, 'nodeId'>): string {
  return provenBy(connection) ?? `${nodeId} ${hostOf(connection.remote)}`;
}

function misbehaved(waitMs: number): Reject {
  const reason = `it broke the protocol, and may come again after ${Math.ceil(waitMs / 1000)} s`;
  return { type: 'reject', code: 'misbehaved', reason };
}

function tellDifferences(warnings: Warnings, self: Self, hello: Hello): void {
  const sentences = differingSettings(self, hello);
  if (sentences.length === 0) warnings.clear('SETTINGS_DIFFER', hello.nodeId);
  else warnings.raise('SETTINGS_DIFFER', hello.nodeId, sentences.join(' '));
}
