/**
 * Pulls from one peer at a time (R3).
 *
 * 1. At most one session writes here at any moment; peers that wait stand in a queue, each once.
 * 2. A session without progress is set aside: its record stays, and it is resumed when its peer is next pulled from.
 * 3. A peer from which this node is late is not pulled from again in this run, unless the node could start over.
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { BoatoError } from '../core/errors.ts';
import type { Log } from '../ports/log.ts';
import type { Comparison } from './digest.ts';
import type { Link } from './link.ts';
import { type PullDependencies, PullSession, type SessionPeer, type Step } from './pull-session.ts';
import type { Warnings } from './warnings.ts';

/** A digest that is out of date is made anew so often before the round is left to the next one. */
const STALE_RETRIES = 3;

export interface PullResult {
  readonly outcome: Exclude<Step, 'more'> | 'nothing' | 'failed';
  readonly entries: number;
  readonly bytes: number;
}

export interface RunningPull {
  readonly peer: NodeId;
  readonly session: PullSession;
}

const NOTHING: PullResult = { outcome: 'nothing', entries: 0, bytes: 0 };

export class Puller {
  readonly #dependencies: PullDependencies & { readonly log: Log; readonly warnings: Warnings };
  readonly #compare: (link: Link) => Promise<Comparison>;
  readonly #waitingByPeer = new Map<NodeId, Promise<PullResult>>();
  readonly #late = new Set<NodeId>();
  #turn: Promise<unknown> = Promise.resolve();
  #running: RunningPull | undefined;

  /** `compare` asks a peer which rows differ. */
  constructor(
    dependencies: PullDependencies & { readonly log: Log; readonly warnings: Warnings },
    compare: (link: Link) => Promise<Comparison>,
  ) {
    this.#dependencies = dependencies;
    this.#compare = compare;
  }

  get running(): RunningPull | undefined {
    return this.#running;
  }

  isLate(peer: NodeId): boolean {
    return this.#late.has(peer);
  }

  /** Pulls when its turn comes. A peer that waits already is not queued twice. Never fails. */
  pull(link: Link): Promise<PullResult> {
    const waiting = this.#waitingByPeer.get(link.nodeId);
    if (waiting !== undefined) return waiting;
    const result = this.#turn.then(() => {
      this.#waitingByPeer.delete(link.nodeId);
      return this.#pullNow(link);
    });
    this.#waitingByPeer.set(link.nodeId, result);
    this.#turn = result;
    return result;
  }

  /** Resolves when nothing is being pulled, or waits to be. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  async #pullNow(link: Link): Promise<PullResult> {
    if (this.#late.has(link.nodeId) || !link.channel.isOpen) return NOTHING;
    try {
      return await this.#sessions(link);
    } catch (error) {
      this.#failed(link, error);
      return { outcome: 'failed', entries: 0, bytes: 0 };
    } finally {
      this.#running = undefined;
    }
  }

  /** One session to its end; a void, stale or restarted one is followed by another. */
  async #sessions(link: Link): Promise<PullResult> {
    let entries = 0;
    let bytes = 0;
    for (let attempt = 0; ; attempt++) {
      const session = await this.#nextSession(link);
      if (session === undefined) return { ...NOTHING, entries, bytes };
      this.#running = { peer: link.nodeId, session };
      const outcome = await session.run();
      entries += session.entries;
      bytes += session.bytes;
      this.#tell(link, outcome, session);
      const again =
        outcome === 'stale' || outcome === 'void' || (outcome === 'late' && (await this.#startOver(link.nodeId)));
      if (!again || attempt === STALE_RETRIES) return { outcome, entries, bytes };
    }
  }

  async #nextSession(link: Link): Promise<PullSession | undefined> {
    const peer: SessionPeer = {
      nodeId: link.nodeId,
      request: (request) => link.channel.request(request),
      notify: (message) => link.channel.notify(message),
    };
    const resumed = await PullSession.resume(this.#dependencies, peer);
    if (resumed !== undefined) return resumed;
    const { actors, behind } = await this.#compare(link);
    return behind === 0 ? undefined : PullSession.begin(this.#dependencies, peer, actors);
  }

  /** What is left of a bootstrap that broke is of no use to anyone: the node begins again, empty. */
  async #startOver(peer: NodeId): Promise<boolean> {
    const { replica, log } = this.#dependencies;
    if (!replica.canStartOver()) {
      this.#late.add(peer);
      return false;
    }
    log.info({ peer }, 'The first copy of the data broke off and cannot be resumed: this node starts over, empty.');
    await replica.startOver();
    return true;
  }

  #tell(link: Link, outcome: Exclude<Step, 'more'>, session: PullSession): void {
    const { log, warnings, replica } = this.#dependencies;
    const { nodeId } = link;
    switch (outcome) {
      case 'adopted':
        warnings.clear('REFUSED_FROM_FUTURE', nodeId);
        log.debug({ peer: nodeId, entries: session.entries, bytes: session.bytes }, 'Pulled from a peer.');
        return;
      case 'late':
        if (replica.canStartOver()) return;
        warnings.raise(
          'LATE',
          nodeId,
          `This node missed deletions that node ${nodeId} has already collected, so it takes nothing from it any more, lest deleted keys come back; its own writes still reach others. To rejoin: export what you need, stop this node, empty its folder, and start it again.`,
        );
        return;
      case 'refused':
        warnings.raise(
          'REFUSED_FROM_FUTURE',
          nodeId,
          `Node ${nodeId} sent ${session.reason} from too far in the future, so nothing of that session was adopted: check the clocks of the machines.`,
        );
        return;
      case 'ahead':
      case 'not-serving':
      case 'stale':
      case 'void':
        log.debug({ peer: nodeId, outcome, reason: session.reason }, 'A session did not come about.');
    }
  }

  #failed(link: Link, error: unknown): void {
    const { log } = this.#dependencies;
    if (error instanceof MalformedBytes) {
      link.channel.close(`it sent a malformed reply: ${error.message}`);
    } else if (error instanceof BoatoError && isExpected(error)) {
      log.debug({ peer: link.nodeId, error: error.message }, 'A session was set aside.');
    } else {
      log.error({ peer: link.nodeId, error: String(error) }, 'A session failed.');
    }
  }
}

/** The connection broke, or the node stops: neither is news here. */
function isExpected({ code }: BoatoError): boolean {
  return ['PEER_UNREACHABLE', 'TIMEOUT', 'STORE_CLOSED', 'STORE_FENCED', 'PROTOCOL'].includes(code);
}
