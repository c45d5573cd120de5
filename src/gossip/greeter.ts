/** Turns a fresh connection into a link: hello in both directions, checks, a time limit. */

import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Packer } from '../ports/packer.ts';
import type { Connection } from '../ports/transport.ts';
import { Channel, ServingFailure } from './channel.ts';
import { differingSettings, HELLO_TIMEOUT_MS, helloOf, refusal, type Self } from './handshake.ts';
import type { Link } from './link.ts';
import type { Reject } from './messages.ts';
import type { Responder } from './responder.ts';
import type { SessionServer } from './session-server.ts';
import type { Warnings } from './warnings.ts';

export interface GreeterEvents {
  readonly onLink: (link: Link) => void;
  /** The two may not talk; `by` tells who said so. */
  readonly onRefused: (reject: Reject, by: 'self' | 'peer') => void;
  /** Once, for every connection; `link` if it had become one. */
  readonly onClose: (link: Link | undefined, reason: string | undefined) => void;
}

export class Greeter {
  readonly #self: Self;
  readonly #packer: Packer;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #warnings: Warnings;
  readonly #responder: Responder;
  readonly #server: SessionServer;
  readonly #channels = new Set<Channel>();
  malformed = 0;

  constructor(dependencies: {
    readonly self: Self;
    readonly packer: Packer;
    readonly clock: Clock;
    readonly log: Log;
    readonly warnings: Warnings;
    readonly responder: Responder;
    readonly server: SessionServer;
  }) {
    this.#self = dependencies.self;
    this.#packer = dependencies.packer;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.#warnings = dependencies.warnings;
    this.#responder = dependencies.responder;
    this.#server = dependencies.server;
  }

  greet(
    connection: Connection,
    direction: Link['direction'],
    address: string,
    events: GreeterEvents,
  ): void {
    let link: Link | undefined;
    const cancelTimer = this.#clock.after(HELLO_TIMEOUT_MS, () => channel.close('it said no hello in time'));
    const channel: Channel = new Channel(connection, this.#packer, this.#clock, {
      onHello: (hello) => {
        cancelTimer();
        const reject = refusal(this.#self, hello);
        if (reject !== undefined) {
          channel.notify(reject);
          events.onRefused(reject, 'self');
          channel.close(reject.reason);
          return;
        }
        for (const sentence of differingSettings(this.#self, hello)) {
          this.#warnings.raise('SETTINGS_DIFFER', hello.nodeId, sentence);
        }
        link = { nodeId: hello.nodeId, channel, direction, address };
        events.onLink(link);
      },
      onReject: (reject) => {
        events.onRefused(reject, 'peer');
        channel.close(reject.reason);
      },
      onRequest: (request) =>
        link === undefined
          ? Promise.reject(new ServingFailure('invalid', 'no hello yet'))
          : this.#responder.answer(link, request),
      onDone: (done) => {
        if (link !== undefined) this.#server.done(link.nodeId, done);
      },
      onClose: (reason) => {
        cancelTimer();
        this.#channels.delete(channel);
        events.onClose(link, reason);
      },
      onMalformed: (reason) => {
        this.malformed++;
        this.#log.warn({ peer: address, reason }, 'A peer sent a malformed message; its connection is closed.');
      },
    });
    this.#channels.add(channel);
    channel.start(helloOf(this.#self));
  }

  closeAll(reason: string): void {
    for (const channel of this.#channels) channel.close(reason);
  }
}
