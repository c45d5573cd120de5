/** What a node keeps of its cluster over restarts. */

import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Status, Update } from '../../src/membership/member.ts';
import type { KeptFile } from '../../src/node/kept-file.ts';
import { type Kept, KnownMembers, readKnownMembers } from '../../src/node/known-members.ts';
import { RecordingLog } from '../support/recording-log.ts';

class MemoryFile implements KeptFile {
  bytes: Uint8Array | undefined;
  writes = 0;
  isFull = false;

  read(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.bytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.isFull) return Promise.reject(new Error('ENOSPC'));
    this.writes++;
    this.bytes = bytes;
    return Promise.resolve();
  }
}

function record(name: string, status: Status, ageMs: number = 0): Update {
  return {
    nodeId: name as NodeId,
    incarnation: 5,
    status,
    address: `${name}:7000`,
    version: '0.1.0',
    protocolVersion: 2,
    metadata: new Uint8Array(),
    accuser: status === 'suspect' ? ('z' as NodeId) : undefined,
    ageMs,
  };
}

function keeping(current: () => Kept, log: RecordingLog = new RecordingLog()) {
  const file = new MemoryFile();
  const clock = new SimulatedClock();
  const known = new KnownMembers({ file, clock, log, current });
  return { file, clock, known, log };
}

describe('members that are known', () => {
  const records = [
    record('a', 'up'),
    record('b', 'suspect'),
    record('c', 'down', 10),
    record('d', 'forgotten', 20),
  ];

  test('come back as they were, older by what has passed; who was only suspected, lives', async () => {
    const { file, clock, known } = keeping(() => ({ seeds: ['x:1'], records }));
    known.changed();
    await known.flush();
    const again = await readKnownMembers(file, clock.wallMs() + 1000, silentLog);
    expect(again).toEqual({
      seeds: ['x:1'],
      records: [
        record('a', 'up'),
        { ...record('b', 'up'), accuser: undefined },
        record('c', 'down', 1010),
        record('d', 'forgotten', 1020),
      ],
    });
  });

  test('are no younger than they were because a clock was set back', async () => {
    const { file, clock, known } = keeping(() => ({ seeds: [], records }));
    known.changed();
    await known.flush();
    const again = await readKnownMembers(file, clock.wallMs() - 1000, silentLog);
    expect(again.records.map(({ ageMs }) => ageMs)).toEqual([0, 0, 10, 20]);
  });

  test('are written once for many changes, as they are then', async () => {
    let current: Kept = { seeds: [], records: [] };
    const { file, clock, known } = keeping(() => current);
    for (let at = 0; at < 10; at++) known.changed();
    current = { seeds: ['x:1'], records: [] };
    await clock.advance(1999);
    expect(file.writes).toBe(0);
    await clock.advance(1);
    expect(file.writes).toBe(1);
    expect((await readKnownMembers(file, clock.wallMs(), silentLog)).seeds).toEqual(['x:1']);
    await known.flush();
    expect(file.writes).toBe(1);
  });

  test('that cannot be written are told in the log, and written with the next change', async () => {
    const { file, known, log } = keeping(() => ({ seeds: [], records }));
    file.isFull = true;
    known.changed();
    await known.flush();
    expect(log.lines).toEqual([expect.stringContaining('The known members could not be kept.')]);
    file.isFull = false;
    known.changed();
    await known.flush();
    expect(file.writes).toBe(1);
  });

  test('of which a byte was changed, or some are missing, are learnt again, and nothing fails', async () => {
    const { file, clock, known } = keeping(() => ({ seeds: ['x:1'], records }));
    known.changed();
    await known.flush();
    const bytes = file.bytes as Uint8Array;
    const log = new RecordingLog();
    let damaged = 0;
    for (let at = 0; at < bytes.length - 1; at += 7) {
      file.bytes = bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
      if ((await readKnownMembers(file, clock.wallMs(), log)).records.length === 0) damaged++;
      file.bytes = bytes.slice(0, at);
      expect(await readKnownMembers(file, clock.wallMs(), log)).toEqual({ seeds: [], records: [] });
    }
    expect(damaged).toBe(Math.ceil((bytes.length - 1) / 7));
    expect(log.lines[0]).toContain('The known members cannot be read, and are learnt again.');
    file.bytes = undefined;
    expect(await readKnownMembers(file, clock.wallMs(), log)).toEqual({ seeds: [], records: [] });
  });
});
