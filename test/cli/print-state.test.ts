import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { printState } from '../../src/cli/print-state.ts';
import { stateOf, stateText } from '../../src/cli/state-line.ts';
import type { NodeStatus, PeerStatus } from '../../src/node/api.ts';
import { FakeNode } from '../server/fake-node.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function statusWith(peers: readonly Partial<PeerStatus>[]): Promise<NodeStatus> {
  const dir = await temporaryFolder();
  const whole = peers.map((peer, at): PeerStatus => {
    const none = { direction: 'outbound', rounds: 0, bytesReceived: 0, bytesSent: 0 } as const;
    return { address: `h:${at}`, state: 'connected', ...none, ...peer };
  });
  return { ...(await new FakeNode().status()), dir, entries: 3, peers: whole };
}

async function lineOf(peers: readonly Partial<PeerStatus>[]): Promise<string> {
  return stateText(await stateOf(await statusWith(peers)));
}

describe('the state in one line', () => {
  it('counts the peers that can be reached, each node once, and this one not', async () => {
    expect(await lineOf([])).toBe('3 entries, 0 of 0 peers reachable, 0 sessions, 0 B on disk');
    expect(
      await lineOf([
        { nodeId: 'b', lagMs: 0 },
        { nodeId: 'b', lagMs: 0 },
        { nodeId: 'a', state: 'self' },
        { state: 'connecting' },
      ]),
    ).toBe('3 entries, 1 of 2 peers reachable, lag 0, 0 sessions, 0 B on disk');
  });

  it('tells the longest lag behind a peer that can be reached, and of how many it is unknown', async () => {
    const gone = { nodeId: 'gone', state: 'disconnected', lagMs: 999_000 } as const;
    const peers = [{ nodeId: 'b', lagMs: 0 }, { nodeId: 'c', lagMs: 12_000 }, { nodeId: 'd' }, gone];
    expect(await lineOf(peers)).toContain(' 3 of 4 peers reachable, lag 12s behind c (1 unknown), ');
    expect(await lineOf([{ nodeId: 'd' }])).toContain(' 1 of 1 peer reachable, lag unknown, ');
    expect(await lineOf([gone])).toContain(' 0 of 1 peer reachable, 0 sessions, ');
  });

  it('says how old the lag is where a peer has not told anew for long', async () => {
    const fresh = { nodeId: 'b', lagMs: 0, heardAgoMs: 10_000 };
    expect(await lineOf([fresh])).toContain(', lag 0, ');
    const silent = { nodeId: 'c', lagMs: 0, heardAgoMs: 40_000 };
    expect(await lineOf([fresh, silent])).toContain(', lag 0 as of 40s ago, ');
  });

  it('adds up the files of the folder and of those below it', async () => {
    const status = await statusWith([]);
    await mkdir(join(status.dir, 'db'));
    await writeFile(join(status.dir, 'db', '1.ldb'), new Uint8Array(1024));
    await writeFile(join(status.dir, 'node.json'), new Uint8Array(512));
    expect(stateText(await stateOf(status))).toContain('1.5 KB on disk');
  });
});

describe('printing the state', () => {
  async function printing(
    json: boolean,
  ): Promise<{ clock: SimulatedClock; lines: string[]; stop: () => void; next: () => Promise<void> }> {
    const clock = new SimulatedClock();
    const lines: string[] = [];
    const status = await statusWith([{ nodeId: 'b', lagMs: 0 }]);
    let wake = (): void => {};
    const write = (line: string): void => {
      lines.push(line);
      wake();
    };
    const node = { status: () => Promise.resolve(status) };
    const stop = printState({ node, intervalMs: 10_000, json, write, clock });
    const next = async (): Promise<void> => {
      const printed = new Promise<void>((resolve) => (wake = resolve));
      await clock.advance(10_000);
      await printed;
    };
    return { clock, lines, stop, next };
  }

  it('happens after each interval, with the time, until it is stopped', async () => {
    const { clock, lines, stop, next } = await printing(false);
    expect(lines).toEqual([]);
    await next();
    await next();
    expect(lines).toEqual([
      '2026-01-01T00:00:10.000Z 3 entries, 1 of 1 peer reachable, lag 0, 0 sessions, 0 B on disk',
      '2026-01-01T00:00:20.000Z 3 entries, 1 of 1 peer reachable, lag 0, 0 sessions, 0 B on disk',
    ]);
    stop();
    await clock.advance(60_000);
    expect(lines).toHaveLength(2);
  });

  it('is one JSON object a line where that is asked for', async () => {
    const { lines, stop, next } = await printing(true);
    await next();
    stop();
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      event: 'state',
      time: '2026-01-01T00:00:10.000Z',
      entries: 3,
      peers: 1,
      reachable: 1,
      lagMs: 0,
      heardAgoMs: 0,
      unknown: 0,
      sessions: 0,
      warnings: 0,
      diskBytes: 0,
    });
  });

  it('goes on after a time when the node could not tell', async () => {
    const clock = new SimulatedClock();
    const lines: string[] = [];
    let isReady = false;
    const status = await statusWith([]);
    let wake = (): void => {};
    const printed = new Promise<void>((resolve) => (wake = resolve));
    const write = (line: string): void => {
      lines.push(line);
      wake();
    };
    const node = { status: () => (isReady ? Promise.resolve(status) : Promise.reject(new Error('closed'))) };
    const stop = printState({ node, intervalMs: 1000, json: false, write, clock });
    await clock.advance(5000);
    expect(lines).toEqual([]);
    isReady = true;
    await clock.advance(1000);
    await printed;
    stop();
    expect(lines).toHaveLength(1);
  });
});
