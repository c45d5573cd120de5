/** What commands print for people. */

import { describe, expect, it } from 'vitest';
import { collectText } from '../../src/cli/collect.ts';
import { interruptedText, stopError } from '../../src/cli/import.ts';
import { syncText, unreachedText } from '../../src/cli/sync.ts';
import { statusText } from '../../src/cli/status-text.ts';
import type { StoreStatus } from '../../src/node/api.ts';
import { counted, size } from '../../src/cli/units.ts';
import { localFake } from '../server/serve-fake.ts';
import { runMain } from './run-main.ts';

const NOTHING = { imported: 0, existing: 0, invalid: 0, bytes: 0 };

describe('texts', () => {
  it('of a sync say what the peers hold, and no more', () => {
    const synced = { peers: 2, inSync: 2, entriesReceived: 1, bytesReceived: 1536, bytesSent: 0 };
    expect(syncText(synced)).toBe(
      '2 of 2 peers hold what this node holds, received 1 entry (1.5 KB), sent 0 B',
    );
    expect(syncText({ ...synced, peers: 1, inSync: 1, entriesReceived: 2 })).toMatch(
      /^1 of 1 peer holds what this node holds, received 2 entries/,
    );
  });

  it('of a status say how far a comparison came', () => {
    const node: StoreStatus = {
      nodeId: 'a',
      clusterId: 'default',
      version: '1',
      dir: 'd',
      durability: 'fsync',
      tombstoneTtlMs: 1000,
      entries: 9,
      permanent: 9,
      actors: 1,
      cloudDots: 0,
      looseDots: 0,
      lastVersion: 0,
      horizon: 0,
      contextHash: 'c',
      fingerprint: 'f',
      bootstrapping: false,
      healing: false,
      warnings: [],
    };
    const compared = { read: 500, total: 1000, settled: 0, kept: 0, dropped: 0, taken: 0 };
    const session = {
      direction: 'inbound',
      peer: 'b',
      order: 'version',
      state: 'comparing',
      bytes: 0,
    } as const;
    const text = statusText(
      {
        ...node,
        address: 'x:1',
        mode: 'push-pull',
        malformedMessages: 0,
        sessionsRefused: 0,
        peers: [],
        sessions: [
          { ...session, entries: 0, compared },
          { ...session, entries: 3, compared: { ...compared, settled: 9, kept: 2, dropped: 4, taken: 3 } },
        ],
      },
      undefined,
    );
    expect(text.slice(text.indexOf('sessions'))).toMatchInlineSnapshot(`
      "sessions
        direction  peer  order    state      entries  bytes
        inbound    b     version  comparing  0        0 B
          looks for differences: 500 of 1000 entries read
        inbound    b     version  comparing  3        0 B
          9 differences settled: 2 kept, 4 dropped
      "
    `);
  });

  it('of a sync that reached nobody say so', () => {
    const nobody = { inSync: 0, entriesReceived: 0, bytesReceived: 0, bytesSent: 0 };
    expect(unreachedText({ ...nobody, peers: 0 })).toMatch(/^The node has no peers: start it with --peer/);
    expect(unreachedText({ ...nobody, peers: 1 })).toBe(
      'The only peer could not be reached: `store status` says why.',
    );
    expect(unreachedText({ ...nobody, peers: 3 })).toBe(
      'None of the 3 peers could be reached: `store status` says why.',
    );
  });

  it('of a sync that reached nobody are a failure, whatever its form', async () => {
    const { dir, node } = await localFake();
    const nobody = { peers: 1, inSync: 0, entriesReceived: 0, bytesReceived: 0, bytesSent: 0 };
    expect((await runMain(['sync', '--data', dir])).stdout).toMatch(
      /^2 of 2 peers hold what this node holds/,
    );
    node.answerSync = () => Promise.resolve(nobody);
    const stderr = 'store: The only peer could not be reached: `store status` says why.\n';
    expect(await runMain(['sync', '--data', dir])).toMatchObject({ code: 3, stdout: '', stderr });
    const shown = await runMain(['sync', '--json', '--data', dir]);
    expect(shown).toMatchObject({ code: 3, stdout: `${JSON.stringify(nobody)}\n`, stderr });
  });

  it('of a collection tell old tombstones that are kept from young ones, which are not counted', () => {
    expect(collectText({ collected: 3, kept: 0 })).toBe('collected 3');
    expect(collectText({ collected: 0, kept: 1 })).toBe(
      'collected 0; 1 old one kept because its past is not known here yet',
    );
    expect(collectText({ collected: 5, kept: 2 })).toBe(
      'collected 5; 2 old ones kept because their past is not known here yet',
    );
    expect(collectText({ collected: 0, kept: 0, reason: 'The clock is in doubt.' })).toBe(
      'collected 0: The clock is in doubt.',
    );
  });

  it('of an import that ended early say how to go on', () => {
    const summary = { ...NOTHING, imported: 1 };
    const line = { line: 2, code: 'INVALID_VALUE', message: 'It is bad.' };
    expect(stopError(summary, line).message).toBe(
      'line 2: It is bad; the import stopped there, with 1 entry stored: --skip-invalid passes over such lines.',
    );
    const closed = { code: 'STORE_CLOSED', message: 'The node is stopping.' };
    expect(stopError({ ...NOTHING, imported: 2 }, closed).message).toBe(
      'The node is stopping; the import stopped there, with 2 entries stored: a second run with --skip-existing goes on.',
    );
    expect(interruptedText(summary)).toMatch(
      /with 1 entry stored: a second run with --skip-existing goes on\.$/,
    );
  });

  it('have one form for counts and sizes', () => {
    expect([counted(1, 'actor', 'actors'), counted(0, 'actor', 'actors')]).toStrictEqual([
      '1 actor',
      '0 actors',
    ]);
    expect([size(0), size(1024), size(5 * 2 ** 20)]).toStrictEqual(['0 B', '1 KB', '5 MB']);
  });
});
