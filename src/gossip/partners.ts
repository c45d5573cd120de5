/** Members that this node keeps links with, wherever they are: who dials whom, when, and how often again. */

import type { NodeId } from '../core/actor.ts';
import type { Member } from '../membership/member-view.ts';
import { someOf } from '../membership/shuffled.ts';
import type { Random } from '../ports/random.ts';
import { Dialer, type DialerDependencies } from './dialer.ts';
import type { PeerRecord } from './peer-record.ts';

/** Of two nodes the one with the smaller name dials; the other one only if nothing comes of that, as behind a firewall. */
const TURN_MS = 5000;

/** Whom an earlier run knew does not know that this one is there: so many are dialled at once, and tell the others. */
const FIRST_DIALS = 8;

/** Those who hear of a new member at one moment do not dial it at one moment. */
const SPREAD_MS = 500;

/** Who is down for days is tried every few minutes, so that a cluster that was split finds together. */
const PAUSE_DOWN_MS_MAX = 300_000;
const PAUSE_MS_MAX = 30_000;

export interface Partner {
  readonly nodeId: NodeId;
  /** `host:port`. */
  readonly address: string;
  readonly isDown: boolean;
  /** It is dialled at once, whoever's turn it is. */
  readonly isUrgent?: boolean;
}

/** Peer sampling (Jelasity et al. 2007): with whom a node keeps links. */
export interface PeerSampler {
  /** `members`: those that may be dialled; this node is none of them. */
  sample<M extends Partner>(members: readonly M[]): readonly M[];
}

/** How links are chosen: with all members, or with a few that stay a random choice. */
export const SAMPLERS = ['full', 'partial'] as const;
export type Sampler = (typeof SAMPLERS)[number];

/** Everybody knows everybody. */
export const FULL_VIEW: PeerSampler = { sample: (members) => members };

/** Who may be dialled: those that are gone for good, or do not say where they are, may not. */
export function partnersAmong(members: readonly Member[]): Partner[] {
  return members
    .filter(({ isSelf, status, address }) => !isSelf && status !== 'left' && address !== '')
    .map(({ nodeId, address, status }) => ({ nodeId, address, isDown: status === 'down' }));
}

export interface PartnersDependencies extends DialerDependencies {
  readonly self: NodeId;
  readonly isLinked: (nodeId: NodeId) => boolean;
  /** What is known of a node; made if there is nothing. */
  readonly recordOf: (partner: Partner) => PeerRecord;
}

interface Dialled {
  partner: Partner;
  readonly dialer: Dialer;
}

export class Partners {
  readonly #dependencies: PartnersDependencies;
  readonly #random: Random;
  readonly #byNode = new Map<NodeId, Dialled>();

  constructor(dependencies: PartnersDependencies) {
    this.#dependencies = dependencies;
    this.#random = dependencies.random;
  }

  has(nodeId: NodeId): boolean {
    return this.#byNode.has(nodeId);
  }

  /** With whom to keep links from now on. Links to others stay until they are closed. Returns who is no partner any more. */
  set(partners: readonly Partner[]): readonly NodeId[] {
    const wanted = new Set(partners.map(({ nodeId }) => nodeId));
    const gone = [...this.#byNode.keys()].filter((nodeId) => !wanted.has(nodeId));
    for (const nodeId of gone) {
      this.#byNode.get(nodeId)?.dialer.stop();
      this.#byNode.delete(nodeId);
    }
    for (const partner of partners) this.#setOne(partner);
    return gone;
  }

  /** The first ones, of an earlier run. */
  begin(partners: readonly Partner[]): void {
    this.set(partners);
    const dialled = [...this.#byNode.values()].filter(({ partner }) => !partner.isDown);
    for (const { dialer } of someOf(dialled, FIRST_DIALS, this.#random)) dialer.dialIn(0);
  }

  /** No link to it is left. */
  unlinked(nodeId: NodeId): void {
    const dialled = this.#byNode.get(nodeId);
    if (dialled !== undefined) this.#dialSoon(dialled);
  }

  async dialNow(): Promise<void> {
    await Promise.all([...this.#byNode.values()].map(({ dialer }) => dialer.dial()));
  }

  stop(): void {
    for (const { dialer } of this.#byNode.values()) dialer.stop();
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#byNode.values()].map(({ dialer }) => dialer.idle()));
  }

  #setOne(partner: Partner): void {
    const { nodeId, address, isDown } = partner;
    const known = this.#byNode.get(nodeId);
    if (known !== undefined && known.partner.address === address) {
      const isBack =
        (known.partner.isDown && !isDown) || (partner.isUrgent === true && known.partner.isUrgent !== true);
      known.partner = partner;
      if (isBack) this.#dialSoon(known);
      return;
    }
    known?.dialer.stop();
    const dialled: Dialled = { partner, dialer: this.#dialerOf(partner) };
    this.#byNode.set(nodeId, dialled);
    this.#dialSoon(dialled);
  }

  #dialerOf(partner: Partner): Dialer {
    const { nodeId, address } = partner;
    const { recordOf, isLinked } = this.#dependencies;
    return new Dialer(
      {
        address,
        // Another one as soon as the node turns out to be that of a seed.
        get record() {
          return recordOf(partner);
        },
        isWanted: () => !isLinked(nodeId),
        pauseMsMax: () =>
          this.#byNode.get(nodeId)?.partner.isDown === true ? PAUSE_DOWN_MS_MAX : PAUSE_MS_MAX,
      },
      this.#dependencies,
    );
  }

  #dialSoon({ partner, dialer }: Dialled): void {
    const isOurTurn =
      partner.isUrgent === true || (this.#dependencies.self < partner.nodeId && !partner.isDown);
    dialer.dialIn((isOurTurn ? 0 : TURN_MS) + this.#random.fraction() * SPREAD_MS);
  }
}
