/** What `npm run scale` measures, as it is kept for the pictures and the page. */

export interface Figures {
  /** Names of the ways to gossip that were measured. */
  readonly ways: readonly string[];
  readonly rounds: readonly {
    readonly nodes: number;
    readonly pittel: number;
    /** Until all had a write, by way. */
    readonly byWay: Readonly<Record<string, number>>;
  }[];
  readonly curves: {
    readonly nodes: number;
    /** Rounds since the write, and nodes that had it. */
    readonly byWay: Readonly<Record<string, readonly (readonly [rounds: number, nodes: number])[]>>;
  };
  readonly bytes: {
    readonly writes: number;
    readonly writers: number;
    /** Sent by a node in a round. */
    readonly bySize: readonly { readonly nodes: number; readonly idle: number; readonly busy: number }[];
  };
  readonly partitions: {
    readonly writesApart: number;
    readonly bySize: readonly { readonly nodes: number; readonly rounds: number }[];
  };
}
