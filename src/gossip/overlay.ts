/**
 * The network that nodes form among themselves: who is a member, with whom this one keeps links, where it is reached, and who
 * may come in.
 */

import type { NodeId } from '../core/actor.ts';
import type { Membership } from '../membership/membership.ts';
import type { Listener, Transport } from '../ports/transport.ts';
import { Admission } from './admission.ts';
import type { GossipDependencies, GossipOptions } from './gossip-options.ts';
import { Greeter } from './greeter.ts';
import type { Link } from './link.ts';
import { membershipOver, speaksOfMembers } from './member-links.ts';
import { OwnAddress } from './own-address.ts';
import { PartialView } from './partial-view.ts';
import { FULL_VIEW, type Partner, partnersAmong, type PeerSampler } from './partners.ts';
import { Peers } from './peers.ts';
import { Penalties } from './penalties.ts';
import type { Responder } from './responder.ts';
import type { SessionServer } from './session-server.ts';
import type { Warnings } from './warnings.ts';

export interface OverlayDependencies extends Pick<
  GossipDependencies,
  'transport' | 'resolver' | 'clock' | 'random' | 'log' | 'packer' | 'onMember' | 'onMemberRecords'
> {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly warnings: Warnings;
  readonly responder: Responder;
  readonly server: SessionServer;
  /** Whether a node of this name is gone for ever. */
  readonly isRetired: (nodeId: NodeId) => boolean;
  /** Data is on its way from it, or to it. */
  readonly isBusy: (peer: NodeId) => boolean;
  /** A link to a node that had none. */
  readonly onConnected: (link: Link) => void;
}

export type OverlayOptions = Pick<
  GossipOptions,
  'peers' | 'advertise' | 'settings' | 'membership' | 'isViewPartial'
>;

export class Overlay {
  readonly peers: Peers;
  /** Absent if it is off. */
  readonly membership: Membership | undefined;
  /** Of this run. */
  readonly bootNonce: number;
  readonly #transport: Transport;
  readonly #greeter: Greeter;
  readonly #ownAddress: OwnAddress;
  readonly #partialView: PartialView | undefined;
  #isChoosing = false;
  #listener: Listener | undefined;

  constructor(dependencies: OverlayDependencies, options: OverlayOptions) {
    const { nodeId, clusterId, transport, resolver, clock, random, log, warnings } = dependencies;
    const { packer, responder, server, isRetired, isBusy, onMember, onConnected } = dependencies;
    const linkTo = (peer: NodeId): Link | undefined => this.peers.linkTo(peer);
    const onMemberRecords = (): void => {
      this.#choosePartners();
      dependencies.onMemberRecords?.();
    };
    const isWatched = (member: NodeId): boolean => partialView?.watches(member) ?? true;
    const isKept = (member: NodeId): boolean => partialView?.keeps(member) ?? true;
    const membership =
      options.membership &&
      membershipOver(
        { nodeId, clock, random, linkTo, isWatched, isKept, onMember, onMemberRecords },
        options.membership,
      );
    const partialView =
      membership === undefined || options.isViewPartial !== true
        ? undefined
        : new PartialView({
            nodeId,
            clock,
            random,
            links: () => this.peers.links(),
            linkTo,
            partners: () => partnersAmong(membership.members()),
            introductions: (members) => membership.told.introductions(members),
            isBusy,
            onChanged: () => this.#choosePartners(),
            dialSeeds: () => this.peers.dialSeeds(),
            dialSeedBut: (present) => {
              if (!membership.isFull) this.peers.dialSeedBut(present);
            },
          });
    const ownAddress = new OwnAddress(options.advertise, () =>
      membership?.announce({ address: ownAddress.text }),
    );
    const startedMs = Math.floor(clock.wallMs());
    const bootNonce = random.uint32();
    const self = {
      nodeId,
      clusterId,
      bootNonce,
      settings: options.settings,
      get contact() {
        return { ...ownAddress.contact, startedMs };
      },
    };
    this.#greeter = new Greeter({
      self,
      packer,
      clock,
      warnings,
      responder,
      server,
      penalties: new Penalties(clock),
      admission: new Admission((peer) => this.peers.linksTo(peer)),
      isRetired,
      onSeen: (host) => ownAddress.seenAs(host),
      onMemberMessage: (link, message) => {
        if (message.type !== 'view') return membership?.receive(link.nodeId, message);
        membership?.learn(link.nodeId, message.updates);
        partialView?.receive(link, message.message);
      },
    });
    this.peers = new Peers(options.peers, {
      nodeId,
      transport,
      greeter: this.#greeter,
      clock,
      random,
      resolver,
      log,
      warnings,
      wantsSeeds: partialView && (() => partialView.wantsSeeds),
      onConnected: (link) => {
        partialView?.linked(link);
        if (speaksOfMembers(link)) membership?.linkOpened(link.nodeId);
        onConnected(link);
      },
    });
    this.membership = membership;
    this.bootNonce = bootNonce;
    this.#transport = transport;
    this.#ownAddress = ownAddress;
    this.#partialView = partialView;
  }

  /** Malformed messages so far. */
  get malformed(): number {
    return this.#greeter.malformed;
  }

  /** Returns the bound address. Fails with `LISTEN_FAILED`. */
  async listen(address: string): Promise<string> {
    this.#listener = await this.#transport.listen(address, (connection) => this.peers.accept(connection));
    this.#ownAddress.bound(this.#listener.address);
    return this.#listener.address;
  }

  /** Keeps links from now on. */
  dial(): void {
    this.peers.start(this.#partners());
  }

  /** Watches members from now on. */
  watch(): void {
    this.membership?.start();
    this.#partialView?.start();
  }

  /** Watches and dials nobody any more. For good. */
  stop(): void {
    this.membership?.stop();
    this.#partialView?.stop();
    this.peers.stop();
  }

  /** Lets nobody in, and closes every connection; after `stop`. */
  async hangUp(): Promise<void> {
    await this.#listener?.close();
    this.#greeter.shutDown();
  }

  /** Nothing runs any more when it resolves; after `hangUp`. */
  async close(): Promise<void> {
    await this.#transport.close();
    await this.peers.idle();
  }

  /** Once for all that one message of a member changes. */
  #choosePartners(): void {
    if (this.#isChoosing) return;
    this.#isChoosing = true;
    void Promise.resolve().then(() => {
      this.#isChoosing = false;
      this.peers.setPartners(this.#partners());
    });
  }

  #partners(): readonly Partner[] {
    const sampler: PeerSampler = this.#partialView ?? FULL_VIEW;
    return sampler.sample(partnersAmong(this.membership?.members() ?? []));
  }
}
