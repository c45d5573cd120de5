import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Actor, birthOf, makeActor, type NodeId, nodeIdOf } from '../../src/core/actor.ts';
import { dominates, isTrivial, type Row, saysTheSame, unknownRow } from '../../src/core/context.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import { headsOf } from '../../src/core/heads.ts';
import { ROWS_MAX } from '../../src/core/row-codec.ts';
import type { Version } from '../../src/core/version.ts';
import { compareHeads, type HeadsPeer } from '../../src/gossip/compare-heads.ts';
import type { Comparison } from '../../src/gossip/digest.ts';
import {
  answerChains,
  answerHeads,
  CHAIN_ROWS_MAX,
  CHAINS_MAX,
  HEADS_MAX,
  newestHeads,
} from '../../src/gossip/heads.ts';
import { hash64 } from '../support/replica-fixture.ts';

const fingerprints = new Fingerprints(hash64);

/** What a node knows, without its entries. */
class Knowledge {
  readonly rowByActor: Map<Actor, Row>;

  constructor(rows: Iterable<Row> = []) {
    this.rowByActor = new Map([...rows].map((row) => [row.actor, row]));
  }

  rows(): readonly Row[] {
    return [...this.rowByActor.values()];
  }

  heads(): readonly Row[] {
    return headsOf(this.rows());
  }

  row(actor: Actor): Row | undefined {
    return this.rowByActor.get(actor);
  }

  contextHash(): bigint {
    return BigInt.asUintN(
      64,
      this.rows().reduce((sum, row) => sum + fingerprints.row(row), 0n),
    );
  }

  put(row: Row): Row {
    this.rowByActor.set(row.actor, row);
    return row;
  }

  /** R4. */
  adopt(other: Knowledge): void {
    for (const theirs of other.rows()) {
      const own = this.row(theirs.actor) ?? unknownRow(theirs.actor);
      const received = Math.max(own.received, theirs.received) as Version;
      const closed = Math.max(own.closed, theirs.closed) as Version;
      this.put({ ...own, received, closed, predecessor: own.predecessor ?? theirs.predecessor });
    }
  }
}

/** A run of a node that wrote once, after the one of `before`. */
function run(nodeId: string, birth: number, before: Row | undefined): Row {
  const version = (birth + 1) as Version;
  const predecessor = before && { actor: before.actor, closed: before.closed };
  const actor = makeActor(nodeId as NodeId, birth as Version, birth % 7);
  return { ...unknownRow(actor), received: version, closed: version, predecessor };
}

/** `count` runs of a node, one after another. */
function runs(nodeId: string, count: number, firstBirth: number = 10): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < count; at++) rows.push(run(nodeId, firstBirth + 10 * at, rows.at(-1)));
  return rows;
}

interface Asked {
  readonly type: 'heads' | 'chains';
  readonly told: number;
  readonly replied: number;
}

function peerOf(there: Knowledge, asked: Asked[] = []): HeadsPeer {
  return {
    heads: ({ rows, all }) => {
      const reply = answerHeads({ rows, all }, there, new Set());
      asked.push({ type: 'heads', told: rows.length, replied: reply.rows.length });
      return Promise.resolve(reply);
    },
    chains: ({ rows, steps }) => {
      const reply = answerChains(
        rows.map(({ actor }) => actor),
        steps,
        there,
      );
      asked.push({ type: 'chains', told: rows.length, replied: reply.length });
      return Promise.resolve({ rows: reply });
    },
  };
}

/** `recent`: own rows that moved lately. */
function compare(
  here: Knowledge,
  peer: HeadsPeer,
  recent: readonly Row[] = [],
): Promise<Comparison | undefined> {
  return compareHeads({ replica: here, fingerprints, recent: () => recent.map(({ actor }) => actor) }, peer);
}

/** The slow way: both contexts, row by row. */
function differing(here: Knowledge, there: Knowledge): Actor[] {
  const actors = new Set([...here.rowByActor.keys(), ...there.rowByActor.keys()]);
  return [...actors]
    .filter((actor) => {
      const own = here.row(actor) ?? unknownRow(actor);
      return !saysTheSame(own, there.row(actor) ?? unknownRow(actor));
    })
    .toSorted();
}

type Event =
  | { readonly do: 'run' | 'write' | 'save' | 'restore' | 'wipe' | 'forget'; readonly node: number }
  | { readonly do: 'pull'; readonly node: number; readonly server: number }
  | { readonly do: 'loose'; readonly node: number; readonly row: number };

const node = fc.nat({ max: 2 });
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('run' as const, 'run' as const, 'write' as const), node }),
    fc.record({ do: fc.constant('pull' as const), node, server: node }),
    fc.record({ do: fc.constantFrom('save' as const, 'restore' as const, 'wipe' as const), node }),
    fc.record({ do: fc.constant('forget' as const), node }),
    fc.record({ do: fc.constant('loose' as const), node, row: fc.nat({ max: 9 }) }),
  ),
  { maxLength: 40, size: 'max' },
);

/** What three nodes know after these events; each is known by its number. */
function knowledgeAfter(list: readonly Event[]): Knowledge[] {
  const nodes = [0, 1, 2].map(() => new Knowledge());
  const saved = nodes.map(() => new Knowledge());
  const newest: (Actor | undefined)[] = [];
  const savedNewest: (Actor | undefined)[] = [];
  let now = 10;
  for (const event of list) {
    now += 10;
    const at = event.node;
    const here = nodes[at] as Knowledge;
    const own = newest[at] === undefined ? undefined : here.row(newest[at]);
    switch (event.do) {
      case 'run':
        newest[at] = here.put(run(`n${at}`, now, own)).actor;
        break;
      case 'write':
        if (own !== undefined) here.put({ ...own, received: now as Version, closed: now as Version });
        break;
      case 'pull':
        here.adopt(nodes[event.server] as Knowledge);
        break;
      case 'save':
        saved[at] = new Knowledge(here.rows());
        savedNewest[at] = newest[at];
        break;
      // A restored node goes on as a new actor.
      case 'restore':
        nodes[at] = new Knowledge(saved[at]?.rows());
        newest[at] = savedNewest[at];
        if (newest[at] !== undefined)
          newest[at] = nodes[at].put(run(`n${at}`, now, nodes[at].row(newest[at]))).actor;
        break;
      case 'wipe':
        nodes[at] = new Knowledge();
        newest[at] = undefined;
        break;
      // R8: links stay known.
      case 'forget':
        for (const { actor, predecessor } of here.rows()) here.put({ ...unknownRow(actor), predecessor });
        newest[at] = undefined;
        break;
      case 'loose': {
        const row = here.rows()[event.row];
        if (row !== undefined) here.put({ ...row, loose: { count: 1, sum: BigInt(now) } });
        break;
      }
    }
  }
  return nodes;
}

describe('the comparison of heads', () => {
  test('finds exactly the rows that differ, whatever became of the nodes', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (list) => {
        const [here, there] = knowledgeAfter(list) as [Knowledge, Knowledge];
        const found = await compare(here, peerOf(there));
        expect(found).toBeDefined();
        if (found === undefined) return;
        const expected = differing(here, there);
        expect(found.actors.filter((actor) => expected.includes(actor))).toEqual(expected);
        const isOwnHead = new Set(there.heads().map(({ actor }) => actor));
        expect(found.actors.filter((actor) => !expected.includes(actor) && !isOwnHead.has(actor))).toEqual(
          [],
        );
        for (const row of found.rows) expect(saysTheSame(row, there.row(row.actor) as Row)).toBe(true);
        const lacks = expected.filter((actor) => isTrivial(there.row(actor) ?? unknownRow(actor)));
        expect([...found.lacks].toSorted()).toEqual(lacks);
        const behind = there
          .rows()
          .filter((row) => !dominates(here.row(row.actor) ?? unknownRow(row.actor), row));
        expect(found.behind).toBe(behind.length);
      }),
      { numRuns: 500 },
    );
  });

  test('of ten nodes that had ten thousand runs each tells ten rows', async () => {
    const rows = Array.from({ length: 10 }, (_, index) => runs(`n${index}`, 10_000)).flat();
    const [here, there] = [new Knowledge(rows), new Knowledge(rows)];
    const written = there.put(run('n3', 200_000, rows[39_999]));
    const asked: Asked[] = [];
    const found = await compare(here, peerOf(there, asked));
    expect(asked).toEqual([{ type: 'heads', told: 10, replied: 1 }]);
    expect(found).toMatchObject({ actors: [written.actor], rows: [written], behind: 1 });
  });

  test('of a node that knows nothing asks for whole chains, in ever longer pieces', async () => {
    const there = new Knowledge([...runs('a', 10_000), ...runs('b', 3)]);
    const asked: Asked[] = [];
    const found = await compare(new Knowledge(), peerOf(there, asked));
    expect(found?.behind).toBe(10_003);
    expect(asked.slice(0, 4)).toEqual([
      { type: 'heads', told: 0, replied: 2 },
      { type: 'chains', told: 2, replied: 18 },
      { type: 'chains', told: 1, replied: 32 },
      { type: 'chains', told: 1, replied: 64 },
    ]);
    expect(asked).toHaveLength(11);
    expect(Math.max(...asked.map(({ replied }) => replied))).toBe(CHAIN_ROWS_MAX);
  });

  test('of a node that was away for fifty runs asks for those before the last, and its peer need not ask back', async () => {
    const all = runs('a', 100);
    const here = new Knowledge(all.slice(0, 50));
    const asked: Asked[] = [];
    const found = await compare(here, peerOf(new Knowledge(all), asked));
    expect(found?.behind).toBe(50);
    expect(asked.map(({ type }) => type)).toEqual(['heads', 'chains', 'chains', 'chains']);
    const ahead: Asked[] = [];
    const lacking = await compare(new Knowledge(all), peerOf(here, ahead));
    expect(lacking?.lacks.size).toBe(50);
    expect(ahead).toEqual([{ type: 'heads', told: 1, replied: 2 }]);
  });

  test('of hundreds of nodes asks for no more chains at once, and no more of each, than a message holds', async () => {
    const there = new Knowledge(Array.from({ length: 300 }, (_, index) => runs(`n${index}`, 40)).flat());
    const asked: Asked[] = [];
    const found = await compare(new Knowledge(), peerOf(there, asked));
    expect(found?.behind).toBe(300 * 40);
    const chains = asked.filter(({ type }) => type === 'chains');
    expect(Math.max(...chains.map(({ told }) => told))).toBe(CHAINS_MAX);
    expect(Math.max(...chains.map(({ replied }) => replied))).toBe(CHAIN_ROWS_MAX);
  });

  test('lists heads that moved lately even if they agree, and no other rows that did', async () => {
    const shared = runs('a', 3);
    const found = await compare(new Knowledge(shared), peerOf(new Knowledge(shared)), shared);
    expect(found).toMatchObject({ actors: [shared[2]?.actor], rows: [], behind: 0 });
  });

  test.each([
    ['wrote', 1],
    ['began a new run', 2],
    ['wrote, and began a new run', 3],
  ])('is of what this node knows when it is through, if it %s meanwhile', async (_, what) => {
    const shared = runs('a', 3);
    const here = new Knowledge(shared);
    const there = new Knowledge([...shared, run('b', 100, undefined)]);
    const peer = peerOf(there);
    let moved: Row[] = [];
    const found = await compareHeads(
      { replica: here, fingerprints, recent: () => moved.map(({ actor }) => actor) },
      {
        ...peer,
        heads: async (asked) => {
          const reply = await peer.heads(asked);
          let last = shared[2] as Row;
          moved = [];
          if (what & 1) {
            last = here.put({ ...last, received: 90 as Version, closed: 90 as Version });
            moved.push(last);
          }
          if (what & 2) moved.push(here.put(run('a', 95, last)));
          return reply;
        },
      },
    );
    expect(found?.actors).toEqual(differing(here, there));
    expect(found?.behind).toBe(1);
  });

  describe('where two thousand nodes are gone for ever', () => {
    const gone = Array.from({ length: 2000 }, (_, index) => run(`gone-${index}`, 10 + index, undefined));
    const live = ['a', 'b', 'c'].map((name) => run(name, 10_000, undefined));

    test('their rows stay behind the hash of the context', async () => {
      const here = new Knowledge([...gone, ...live]);
      const there = new Knowledge([...gone, ...live]);
      there.put(run('b', 20_000, live[1]));
      const asked: Asked[] = [];
      const found = await compare(here, peerOf(there, asked));
      expect(found).toMatchObject({ behind: 1 });
      expect(asked).toEqual([{ type: 'heads', told: 64, replied: 1 }]);
    });

    test('a node that only the peer has heard of is found at once', async () => {
      const here = new Knowledge([...gone, ...live]);
      const added = run('new', 30_000, undefined);
      const asked: Asked[] = [];
      const found = await compare(here, peerOf(new Knowledge([...gone, ...live, added]), asked));
      expect(found).toMatchObject({ actors: [added.actor], behind: 1 });
      expect(asked).toHaveLength(1);
    });

    test('one of which something came lately, and that agrees, is not asked for', async () => {
      const here = new Knowledge([...gone, ...live]);
      const there = new Knowledge([...gone, ...live]);
      const written = there.put(run('b', 20_000, live[1]));
      const asked: Asked[] = [];
      const found = await compare(here, peerOf(there, asked), gone.slice(0, 1));
      expect(found).toMatchObject({ actors: [written.actor], behind: 1 });
      expect(asked).toHaveLength(1);
    });

    test('all of them are new to a node that tells all that it has, and is not asked for it again', async () => {
      const asked: Asked[] = [];
      const found = await compare(new Knowledge(live), peerOf(new Knowledge([...gone, ...live]), asked));
      expect(found?.behind).toBe(2000);
      expect(asked).toEqual([{ type: 'heads', told: 3, replied: 2000 }]);
    });

    test('those that differ are found all the same', async () => {
      const here = new Knowledge([...gone.slice(0, 700), ...gone.slice(701), ...live]);
      const asked: Asked[] = [];
      const found = await compare(here, peerOf(new Knowledge([...gone, ...live]), asked));
      expect(found).toMatchObject({ actors: [gone[700]?.actor], rows: [gone[700]], behind: 1 });
      expect(asked.map(({ told }) => told)).toEqual([64, 2002]);
    });
  });
});

describe('the heads of the nodes that wrote last', () => {
  /** Of as many nodes as are told first, and of one that wrote before them. */
  const older = Array.from({ length: 65 }, (_, index) => run(`n${index}`, 10 + index, undefined));

  test('are all of each, as a node that was restored has them', () => {
    const forked = [run('f', 1000, undefined), run('f', 1001, undefined)];
    const told = newestHeads([...older, ...forked]);
    expect(told).toHaveLength(64);
    expect(told).toEqual(expect.arrayContaining(forked));
  });

  test('are those of one node at least, however many it has', () => {
    const forked = Array.from({ length: 70 }, (_, index) => run('f', 1000 + index, undefined));
    expect(newestHeads([...older, ...forked])).toEqual(forked.toReversed());
  });
});

describe('an answer', () => {
  const shared = runs('a', 3);
  const there = new Knowledge(shared);

  test('lists heads that moved lately even if they agree, and no other rows that did', () => {
    const recent = new Set(shared.map(({ actor }) => actor));
    const told = { rows: shared.slice(2), all: true };
    expect(answerHeads(told, there, recent).rows).toEqual(shared.slice(2));
    expect(answerHeads(told, there, new Set()).rows).toEqual([]);
  });

  test('has its rows ascending by actor, as messages carry them', () => {
    const heads = ['b', 'a', 'c'].map((name) => run(name, 10, undefined));
    for (const held of [heads, heads.toReversed()]) {
      const { rows } = answerHeads({ rows: [], all: true }, new Knowledge(held), new Set());
      expect(rows.map(({ actor }) => nodeIdOf(actor))).toEqual(['a', 'b', 'c']);
    }
  });

  test('to some heads lists all those of their nodes, old ones, too', () => {
    const two = [run('old', 1, undefined), run('old', 5, undefined)];
    const newer = Array.from({ length: 64 }, (_, index) => run(`n${index}`, 10, undefined));
    const told = { rows: two.slice(1), all: false };
    const { rows } = answerHeads(told, new Knowledge([...two, ...newer]), new Set());
    expect(rows.filter(({ actor }) => nodeIdOf(actor) === 'old')).toEqual(two.slice(0, 1));
    expect(rows).toHaveLength(65);
  });

  test('to chains has the steps that were asked for, and no more rows than a message holds', () => {
    const last = shared[2]?.actor as Actor;
    expect(answerChains([last], 2, there)).toEqual(shared.slice(1));
    expect(answerChains([last], 9, there)).toEqual(shared);
    expect(answerChains([makeActor('b' as NodeId, 1 as Version, 1)], 9, there)).toEqual([]);
    const many = runs('b', CHAIN_ROWS_MAX + 1);
    const all = answerChains([many.at(-1)?.actor as Actor], CHAIN_ROWS_MAX + 1, new Knowledge(many));
    expect(all).toEqual(many.slice(1));
  });
});

describe('digests tell instead of heads', () => {
  const rows = runs('a', 40);
  const here = new Knowledge();
  const there = new Knowledge(rows);

  test('if this node has more heads than one message holds', async () => {
    const many = Array.from({ length: HEADS_MAX }, (_, index) => run(`n${index}`, 10, undefined));
    // The last is none of those that are told first.
    const peer = peerOf(new Knowledge(many.slice(0, -1)));
    expect((await compare(new Knowledge(many), peer))?.lacks).toEqual(new Set([many.at(-1)?.actor]));
    expect(await compare(new Knowledge([...many, run('x', 1, undefined)]), peer)).toBeUndefined();
  });

  test('if one node has more, which is not asked then', async () => {
    // More than a call has arguments.
    const many = runs('a', 150_000).map((row) => ({ ...row, predecessor: undefined }));
    const asked: Asked[] = [];
    expect(await compare(new Knowledge(many), peerOf(there, asked))).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test('if the peer has', async () => {
    const many = Array.from({ length: HEADS_MAX + 1 }, (_, index) => run(`n${index}`, 10, undefined));
    expect((await compare(here, peerOf(new Knowledge(many.slice(1)))))?.behind).toBe(HEADS_MAX);
    expect(await compare(here, peerOf(new Knowledge(many)))).toBeUndefined();
  });

  test('if what was found does not add up', async () => {
    const peer = peerOf(there);
    const moved: HeadsPeer = {
      ...peer,
      heads: async (asked) => ({ ...(await peer.heads(asked)), contextHash: 1n }),
    };
    expect(await compare(here, moved)).toBeUndefined();
  });

  test('if the peer does not know its own chain, or one of two, which is asked for once', async () => {
    let asked = 0;
    const chains = (known: readonly Row[]) => (): Promise<{ rows: readonly Row[] }> => {
      asked++;
      return Promise.resolve({ rows: known });
    };
    expect(await compare(here, { ...peerOf(there), chains: chains([]) })).toBeUndefined();
    expect(asked).toBe(1);
    const other = runs('b', 2);
    const both = new Knowledge([...rows, ...other]);
    expect(await compare(here, { ...peerOf(both), chains: chains(other.slice(0, 1)) })).toBeUndefined();
    expect(asked).toBe(2);
  });

  test('if a chain is longer than a session has rows', async () => {
    let asked = 0;
    const last = run('a', 2 ** 30, undefined);
    let before = last;
    // Made up as it is asked for.
    const next = (): Row => {
      const row = run('a', birthOf(before.actor) - 10, undefined);
      const link = {
        actor: makeActor('a' as NodeId, (birthOf(row.actor) - 10) as Version, (birthOf(row.actor) - 10) % 7),
        closed: (birthOf(row.actor) - 9) as Version,
      };
      before = { ...row, predecessor: link };
      return before;
    };
    const first = {
      actor: makeActor('a' as NodeId, (birthOf(last.actor) - 10) as Version, (birthOf(last.actor) - 10) % 7),
      closed: (birthOf(last.actor) - 9) as Version,
    };
    const endless: HeadsPeer = {
      heads: () => Promise.resolve({ rows: [{ ...last, predecessor: first }], contextHash: 1n }),
      chains: ({ steps }) => {
        asked++;
        return Promise.resolve({ rows: Array.from({ length: steps }, next) });
      },
    };
    expect(await compare(here, endless)).toBeUndefined();
    expect(asked).toBe(ROWS_MAX / CHAIN_ROWS_MAX);
  });
});
