/** Members watch each other over the links of gossip, as far as both ends speak of members. */

import type { NodeId } from '../core/actor.ts';
import type { MemberEvent } from '../membership/member-view.ts';
import type { MemberFacts } from '../membership/member.ts';
import { Membership } from '../membership/membership.ts';
import type { MembershipOptions } from '../membership/options.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Link } from './link.ts';
import { MEMBERS_SINCE } from './protocol-version.ts';

export interface WatchOptions extends MembershipOptions {
  /** What this node says of itself. */
  readonly facts: MemberFacts;
}

export interface MemberLinksDependencies {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly linkTo: (member: NodeId) => Link | undefined;
  readonly isWatched?: ((member: NodeId) => boolean) | undefined;
  readonly isKept?: ((member: NodeId) => boolean) | undefined;
  /** Once for each change of another member. */
  readonly onMember?: ((event: MemberEvent) => void) | undefined;
  /** What is known of members is another, and should be kept. */
  readonly onMemberRecords?: (() => void) | undefined;
}

/** Which links carry messages of members. */
export function speaksOfMembers({ protocolVersion }: Link): boolean {
  return protocolVersion >= MEMBERS_SINCE;
}

export function membershipOver(dependencies: MemberLinksDependencies, options: WatchOptions): Membership {
  const { nodeId, clock, random, linkTo, onMember, onMemberRecords } = dependencies;
  return new Membership(
    {
      nodeId,
      facts: options.facts,
      clock,
      random,
      isWatched: dependencies.isWatched,
      isKept: dependencies.isKept,
      network: {
        isLinked: (member) => memberLink(linkTo(member)) !== undefined,
        send: (member, message) => memberLink(linkTo(member))?.channel.tell(message),
      },
      onEvent: (event) => onMember?.(event),
      onRecords: () => onMemberRecords?.(),
    },
    options,
  );
}

function memberLink(link: Link | undefined): Link | undefined {
  return link !== undefined && speaksOfMembers(link) ? link : undefined;
}
