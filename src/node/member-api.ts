/** The public face of membership: who belongs to the cluster, as this node sees it. */

/** `suspect`: it does not answer, and has some seconds to object; `down`: it has not; `left`: it said so itself. */
export type MemberStatus = 'up' | 'suspect' | 'down' | 'left';

export interface Member {
  readonly nodeId: string;
  readonly isSelf: boolean;
  readonly status: MemberStatus;
  /** Milliseconds since it has this status. */
  readonly statusAgoMs: number;
  /** `host:port` where it says that it is reached; empty if it does not know. */
  readonly address: string;
  /** Of two things said of a node the one with the larger number is the later; only the node itself raises it. */
  readonly incarnation: number;
  /** Of the package, and the newest protocol that it speaks. */
  readonly version: string;
  readonly protocolVersion: number;
  /** What it was given to tell of itself (`NodeOptions.metadata`); empty if nothing. */
  readonly metadata: string;
  /** Between this node and it, smoothed; absent until it has answered. */
  readonly roundTripMs?: number;
  /** Milliseconds since this node last heard of it itself; absent if it never did. */
  readonly lastSeenAgoMs?: number;
  /** As of `PeerStatus`. */
  readonly lagMs?: number;
}

/**
 * What is told of each: the member as it is from now on. `member:updated`: another address, version or metadata, the
 * status stays.
 */
export interface MemberEvents {
  'member:up': (member: Member) => void;
  'member:suspect': (member: Member) => void;
  'member:down': (member: Member) => void;
  'member:left': (member: Member) => void;
  'member:updated': (member: Member) => void;
}

export type MemberEventName = keyof MemberEvents;

export interface JoinOptions {
  /** How long to wait for all of them. Default 10,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface JoinResult {
  /** Addresses, as they were given, behind which a node answered. */
  readonly reached: readonly string[];
  /** They are tried again for ever; after a restart only if they were reached before. */
  readonly unreached: readonly { readonly address: string; readonly reason: string }[];
}

export interface LeaveOptions {
  /** How long to wait until others have heard of it, and right after a start for somebody to tell. Default 5,000. */
  readonly timeoutMs?: number;
}

export interface ForgetOptions {
  /** Its rows, which all nodes keep for each of its runs, give way to one, and nobody lets it in again. Default false. */
  readonly forEver?: boolean;
}

export interface ForgetResult {
  /** Runs of it whose rows gave way to one. */
  readonly runs: number;
}

/** Of a node that runs with membership; without, `members` and `forget` fail with `MEMBERSHIP_OFF`. */
export interface Clustered {
  /** This node first, then the others by name. Forgotten ones are not among them. */
  members(): readonly Member[];
  /** Dials `addresses` (`host:port`, or names that are looked up), now and whenever it is not connected with them, for ever. */
  join(addresses: readonly string[], options?: JoinOptions): Promise<JoinResult>;
  /** Tells the others that this node leaves, and closes it. It joins again when it is started again. */
  leave(options?: LeaveOptions): Promise<void>;
  /**
   * Removes a member that is gone for good, on all nodes. Fails with `MEMBER_LIVE`, since one that lives would come back, and
   * `MEMBER_UNKNOWN`. For ever, also one that is no member any more; then this node pulls from all the others first, and
   * fails with `MEMBER_UNSETTLED` where that cannot be done, or something of what it wrote is missing.
   */
  forget(nodeId: string, options?: ForgetOptions): Promise<ForgetResult>;
}
