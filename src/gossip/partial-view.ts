/**
 * A node that keeps links with a few members only, whatever the size of the cluster: HyParView over the links of gossip. Who
 * is a member, and where, is told by membership; with whom links are kept is the active view.
 *
 * 1. What is to be sent to a member without a link waits until it is dialled; who is not reached in time is out of the view.
 * 2. A link to somebody outside the view is closed once the other end has been told, unless data is on its way over it.
 * 3. Those in the view are probed. One after the other, some time apart, so is everybody else: those who watched somebody
 *    may all have failed with it.
 * 4. Seeds are dialled again and again only while nobody is in the view; else as `PartSearch` has it.
 * 5. Whoever is named is introduced: membership, too, knows only some of a large cluster.
 */

import type { NodeId } from '../core/actor.ts';
import { HYPARVIEW_DEFAULTS, HyParView, type HyParViewMessage } from '../membership/hyparview.ts';
import type { Update } from '../membership/member.ts';
import { ProbeOrder, someOf } from '../membership/shuffled.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Link } from './link.ts';
import { speaksOfMembers } from './member-links.ts';
import { type Known, PartSearch, type PartSearchDependencies } from './part-search.ts';
import type { Partner, PeerSampler } from './partners.ts';

/** Between two shuffles, about: some 25 bytes a second for each node. */
const SHUFFLE_MS = 30_000;

/** Between two looks at who is linked. */
const LOOK_MS = 1000;

/** Who could not be linked for so long is out of the view; both ends may have dialled by then. */
const UNLINKED_MS = 10_000;

/** Links that are younger may be about to be needed. */
const SURPLUS_MS = 15_000;

/** So long one more member is linked and probed, then another one: each of N is by somebody in as long, about. */
const CHECK_MS = 15_000;

/** Messages that wait for one link, and members that are waited for: peers name whom they like. What is beyond is lost. */
const WAITING_MAX = 4;
const WAITED_FOR_MAX = 64;

/** Members that are named to the passive view when it has nobody to offer. */
const INTRODUCED = 5;

export interface PartialViewDependencies extends Pick<PartSearchDependencies, 'dialSeedBut'> {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly links: () => readonly Link[];
  readonly linkTo: (member: NodeId) => Link | undefined;
  /** Members that may be dialled. */
  readonly partners: () => readonly Partner[];
  /** What the receiver of a message is told of those whom it names. */
  readonly introductions: (members: readonly NodeId[]) => readonly Update[];
  /** Data is on its way from it, or to it. */
  readonly isBusy: (member: NodeId) => boolean;
  /** With whom links are to be kept is another. */
  readonly onChanged: () => void;
  readonly dialSeeds: () => void;
}

type Message = HyParViewMessage<NodeId>;

interface Waiting {
  readonly messages: Message[];
  readonly sinceMs: number;
}

export class PartialView implements PeerSampler {
  readonly #dependencies: PartialViewDependencies;
  readonly #view: HyParView<NodeId>;
  readonly #waitingByMember = new Map<NodeId, Waiting>();
  /** Of those in the view. */
  readonly #unlinkedSinceMs = new Map<NodeId, number>();
  /** Told at the last look that the link to it is closed. */
  #parting: ReadonlySet<NodeId> = new Set();
  readonly #checks: ProbeOrder;
  #checked: NodeId | undefined;
  #checkedAtMs: number;
  readonly #search: PartSearch;
  #wanted = '';
  /** Seeds are dialled at the start. */
  #isAlone = true;
  #shuffledAtMs: number;
  #cancelLook: () => void = () => {};

  constructor(dependencies: PartialViewDependencies) {
    const { nodeId, clock, random } = dependencies;
    this.#dependencies = dependencies;
    this.#shuffledAtMs = clock.monotonicMs();
    this.#checkedAtMs = this.#shuffledAtMs;
    this.#checks = new ProbeOrder(random, () => [...this.#known().present]);
    this.#view = new HyParView<NodeId>({
      self: nodeId,
      nameOf: (member) => member,
      random,
      send: (to, message) => this.#send(to, message),
    });
    const join = (member: NodeId): void => this.#view.join(member);
    this.#search = new PartSearch({ ...dependencies, join }, this.#checkedAtMs);
  }

  get active(): readonly NodeId[] {
    return this.#view.active;
  }

  start(): void {
    this.#lookSoon();
  }

  stop(): void {
    this.#cancelLook();
  }

  sample<M extends Partner>(members: readonly M[]): readonly M[] {
    const active = new Set(this.#view.active);
    return members.flatMap((member) => {
      if (this.#isUrgent(member.nodeId)) return [{ ...member, isUrgent: true }];
      return active.has(member.nodeId) ? [member] : [];
    });
  }

  /** Whether this node is one of those that watch it. */
  watches(member: NodeId): boolean {
    return member === this.#checked || this.#view.active.includes(member);
  }

  /** Whether it has to stay known. */
  keeps(member: NodeId): boolean {
    return this.#view.has(member) || this.#isUrgent(member);
  }

  #isUrgent(member: NodeId): boolean {
    return this.#waitingByMember.has(member) || member === this.#checked || member === this.#search.sought;
  }

  get wantsSeeds(): boolean {
    return this.#view.active.length === 0;
  }

  receive({ nodeId }: Link, message: Message): void {
    this.#view.receive(nodeId, message);
    this.#changed();
  }

  /** A link to a node that had none. */
  linked(link: Link): void {
    const { nodeId } = link;
    if (!speaksOfMembers(link)) return;
    const waiting = this.#waitingByMember.get(nodeId);
    this.#waitingByMember.delete(nodeId);
    for (const message of waiting?.messages ?? []) this.#tell(link, message);
    if (this.#view.active.length === 0) this.#view.join(nodeId);
    else this.#search.linked(link, this.#known());
    this.#changed();
  }

  #send(to: NodeId, message: Message): void {
    const link = this.#dependencies.linkTo(to);
    if (link !== undefined) return this.#tell(link, message);
    // Who has dropped somebody need not dial it to say so: it notices.
    if (message.type === 'disconnect') return;
    const known = this.#waitingByMember.get(to);
    if (known === undefined && this.#waitingByMember.size >= WAITED_FOR_MAX) return;
    const waiting = known ?? { messages: [], sinceMs: this.#dependencies.clock.monotonicMs() };
    if (waiting.messages.length < WAITING_MAX) waiting.messages.push(message);
    this.#waitingByMember.set(to, waiting);
  }

  #tell(link: Link, message: Message): void {
    if (!speaksOfMembers(link)) return;
    const { nodeId, introductions } = this.#dependencies;
    link.channel.tell({ type: 'view', message, updates: introductions(namedIn(message, nodeId)) });
  }

  #lookSoon(): void {
    this.#cancelLook = this.#dependencies.clock.after(LOOK_MS, () => {
      this.#look();
      this.#lookSoon();
    });
  }

  #look(): void {
    const { clock, random } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    const known = this.#known();
    const { down } = known;
    for (const [member, { sinceMs }] of this.#waitingByMember)
      if (nowMs - sinceMs >= UNLINKED_MS || down.has(member)) this.#lose(member);
    const active = new Set(this.#view.active);
    for (const member of this.#unlinkedSinceMs.keys())
      if (!active.has(member)) this.#unlinkedSinceMs.delete(member);
    for (const member of active)
      if (this.#isUnreachable(member, nowMs) || down.has(member)) this.#lose(member);
    if (this.#view.active.length < HYPARVIEW_DEFAULTS.activeMax && this.#view.passive.length === 0)
      this.#view.introduce(someOf([...known.present], INTRODUCED, random));
    const isAsking = this.#waitingByMember.size > 0;
    if (nowMs - this.#shuffledAtMs >= SHUFFLE_MS || (this.#view.active.length === 0 && !isAsking)) {
      this.#shuffledAtMs = nowMs - random.fraction() * LOOK_MS;
      this.#view.cycle();
    }
    if (nowMs - this.#checkedAtMs >= CHECK_MS) {
      this.#checkedAtMs = nowMs - random.fraction() * LOOK_MS;
      this.#checked = undefined;
      this.#checked = this.#checks.next((member) => !this.watches(member) && !down.has(member));
    }
    this.#search.look(known, this.#view.active.length === 0, nowMs);
    this.#partFromOthers(nowMs);
    this.#changed();
  }

  #known(): Known {
    const [down, present] = [new Set<NodeId>(), new Set<NodeId>()];
    for (const { nodeId, isDown } of this.#dependencies.partners()) (isDown ? down : present).add(nodeId);
    return { down, present };
  }

  #lose(member: NodeId): void {
    this.#waitingByMember.delete(member);
    this.#unlinkedSinceMs.delete(member);
    this.#view.failed(member);
  }

  #isUnreachable(member: NodeId, nowMs: number): boolean {
    if (this.#dependencies.linkTo(member) !== undefined) {
      this.#unlinkedSinceMs.delete(member);
      return false;
    }
    const sinceMs = this.#unlinkedSinceMs.get(member) ?? nowMs;
    this.#unlinkedSinceMs.set(member, sinceMs);
    return nowMs - sinceMs >= UNLINKED_MS;
  }

  #partFromOthers(nowMs: number): void {
    const told = this.#parting;
    const parting = new Set<NodeId>();
    for (const link of this.#dependencies.links()) {
      const { nodeId, sinceMs } = link;
      const isSurplus =
        speaksOfMembers(link) &&
        nowMs - sinceMs >= SURPLUS_MS &&
        this.#view.active.length > 0 &&
        !this.watches(nodeId) &&
        !this.#dependencies.isBusy(nodeId);
      if (!isSurplus) continue;
      if (told.has(nodeId)) link.channel.close('it is not among the few that links are kept with');
      else {
        this.#tell(link, { type: 'disconnect' });
        parting.add(nodeId);
      }
    }
    this.#parting = parting;
  }

  #changed(): void {
    const wasAlone = this.#isAlone;
    this.#isAlone = this.wantsSeeds;
    // Once: after that they are dialled again and again by themselves, as long as they are wanted.
    if (this.#isAlone && !wasAlone) this.#dependencies.dialSeeds();
    const wanted = [
      ...this.#view.active,
      ' ',
      ...this.#waitingByMember.keys(),
      ' ',
      this.#checked ?? '',
      ' ',
      this.#search.sought ?? '',
    ].join(' ');
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#dependencies.onChanged();
  }
}

/** Whom the receiver may put into its views, or answer. */
function namedIn(message: Message, sender: NodeId): readonly NodeId[] {
  switch (message.type) {
    case 'join':
    case 'neighbour':
    case 'neighbour-reply':
      return [sender];
    case 'forward-join':
      return [message.peer];
    case 'shuffle':
      return [message.origin, ...message.peers];
    case 'shuffle-reply':
      return message.peers;
    case 'disconnect':
      return [];
  }
}
