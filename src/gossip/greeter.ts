/** Turns a fresh connection into a link: hello in both directions, checks, a time limit. */

import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Packer } from '../ports/packer.ts';
import type { Connection } from '../ports/transport.ts';
import { Channel } from './channel.ts';
import { differingSettings, HELLO_TIMEOUT_MS, helloOf, refusal, type Self } from './handshake.ts';
import type { Link } from './link.ts';
import type { Hello, Reject } from './messages.ts';
import type { Responder } from './responder.ts';
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
  readonly log: Log;
  readonly warnings: Warnings;
  readonly responder: Responder;
  readonly server: SessionServer;
}

export class Greeter {
  readonly #dependencies: GreeterDependencies;
  readonly #channels = new Set<Channel>();
  /** Malformed messages so far, of all connections. */
  malformed = 0;

  constructor(dependencies: GreeterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Says hello on `connection`, and tells what comes of it. `address`: as configured, or as seen. */
  greet(connection: Connection, direction: Link['direction'], address: string, events: GreeterEvents): void {
    const { self, packer, clock, log, warnings, responder, server } = this.#dependencies;
    let hello: Hello | undefined;
    let link: Link | undefined;
    const cancelTimer = clock.after(HELLO_TIMEOUT_MS, () => channel.close('it said no hello in time'));
    const channel: Channel = new Channel(connection, packer, clock, {
      onHello: (said) => {
        hello = said;
        cancelTimer();
        const reject = refusal(self, hello);
        if (reject !== undefined) {
          channel.notify(reject);
          events.onRefused({ reject, by: 'self', hello });
          return channel.close(reject.reason);
        }
        tellDifferences(warnings, self, hello);
        const { nodeId, bootNonce } = hello;
        link = { nodeId, channel, direction, address, bootNonce, sinceMs: clock.monotonicMs() };
        events.onLink(link);
      },
      onReject: (reject) => {
        events.onRefused({ reject, by: 'peer', hello });
        channel.close(reject.reason);
      },
      onRequest: (request) => responder.answer(link, request),
      onNotice: (notice) => {
        if (link !== undefined) server.notice(link.nodeId, notice);
      },
      onClose: (reason) => {
        cancelTimer();
        this.#channels.delete(channel);
        events.onClose(channel, link, reason);
      },
      onMalformed: (reason) => {
        this.malformed++;
        const peer = link?.nodeId ?? address;
        log.warn({ peer, reason }, 'A peer sent a malformed message; its connection is closed.');
      },
    });
    this.#channels.add(channel);
    channel.start(helloOf(self));
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

function tellDifferences(warnings: Warnings, self: Self, hello: Hello): void {
  const sentences = differingSettings(self, hello);
  if (sentences.length === 0) warnings.clear('SETTINGS_DIFFER', hello.nodeId);
  else warnings.raise('SETTINGS_DIFFER', hello.nodeId, sentences.join(' '));
}
