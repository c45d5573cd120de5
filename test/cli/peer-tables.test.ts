import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Look, lookOf, PLAIN, wrapped } from '../../src/cli/look.ts';
import { peerTables } from '../../src/cli/peer-tables.ts';
import type { PeerStatus } from '../../src/node/api.ts';

const EQUAL: PeerStatus = {
  address: '127.0.0.1:7532',
  nodeId: 'b',
  state: 'connected',
  direction: 'outbound',
  rounds: 12,
  inSyncAgoMs: 900,
  lastSuccessAgoMs: 900,
  heardAgoMs: 900,
  lagMs: 0,
  actorsBehind: 0,
  clockOffsetMs: 3,
  bytesReceived: 1536,
  bytesSent: 4096,
};

const STOPPED: PeerStatus = {
  ...EQUAL,
  address: '[2001:db8:85a3::8a2e:370:7334]:65535',
  nodeId: 'warehouse-lisboa-2',
  state: 'disconnected',
  direction: 'inbound',
  inSyncAgoMs: 3_600_000,
  lastSuccessAgoMs: 125_000,
  heardAgoMs: 120_000,
  lagMs: 121_000,
  actorsBehind: 2,
  clockOffsetMs: -61_000,
  lastError:
    'The peer at [2001:db8:85a3::8a2e:370:7334]:65535 cannot be reached: it does not answer any more.',
};

const NEVER: PeerStatus = {
  address: '127.0.0.1:7534',
  state: 'connecting',
  direction: 'outbound',
  rounds: 0,
  bytesReceived: 0,
  bytesSent: 0,
};

const PEERS = [EQUAL, STOPPED, NEVER];

/** A terminal that knows colours, whatever shows it. */
function terminal(columns: number): NodeJS.WriteStream {
  const looks = { isTTY: true, columns, getColorDepth: () => 8 };
  return Object.assign(new PassThrough(), looks) as unknown as NodeJS.WriteStream;
}

const NARROW: Look = { columns: 80, paint: PLAIN.paint };

describe('peers', () => {
  it('are two aligned tables, whole where no terminal shows them', () => {
    expect(peerTables([EQUAL, NEVER], PLAIN).join('\n')).toMatchInlineSnapshot(`
      "peers
        address         name  state       lag  heard      success
        127.0.0.1:7532  b     connected   0    900ms ago  900ms ago
        127.0.0.1:7534  ?     connecting  ?    never      never

      exchanged
        name            dialled  rounds  in sync    behind  received  sent  clock
        b               by us    12      900ms ago  0       1.5 KB    4 KB  +3ms
        127.0.0.1:7534  by us    0       never      ?       0 B       0 B   ?"
    `);
  });

  it('fit into 80 columns, however long names, addresses and reasons are', () => {
    const lines = peerTables(PEERS, NARROW).join('\n').split('\n');
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "peers
        address            name                state         lag  heard      success
        127.0.0.1:7532     b                   connected     0    900ms ago  900ms ago
        [2001:db8:85a3::…  warehouse-lisboa-2  disconnected  2m   2m ago     2m ago
          The peer at [2001:db8:85a3::8a2e:370:7334]:65535 cannot be reached: it does
          not answer any more.
        127.0.0.1:7534     ?                   connecting    ?    never      never

      exchanged
        name                dialled  rounds  in sync    behind  received  sent  clock
        b                   by us    12      900ms ago  0       1.5 KB    4 KB  +3ms
        warehouse-lisboa-2  by it    12      1h ago     2       1.5 KB    4 KB  -1m
        127.0.0.1:7534      by us    0       never      ?       0 B       0 B   ?"
    `);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('that are none are one line', () => {
    expect(peerTables([], PLAIN)).toEqual(['peers: none']);
  });

  it('cannot send the terminal commands by their names', () => {
    const text = peerTables([{ ...EQUAL, nodeId: 'b\u001B[2J' }], PLAIN).join('\n');
    expect(text).not.toContain('\u001B');
  });
});

describe('colours', () => {
  it('are there on a terminal, and move nothing', () => {
    const text = peerTables(PEERS, lookOf(terminal(80), undefined)).join('\n');
    expect(text).toContain('\u001B[32mconnected\u001B[39m');
    expect(text).toContain('\u001B[31mdisconnected\u001B[39m');
    expect(stripVTControlCharacters(text)).toBe(peerTables(PEERS, NARROW).join('\n'));
  });

  it('are not there with NO_COLOR, nor where no terminal is', () => {
    expect(peerTables(PEERS, lookOf(terminal(80), '1'))).toEqual(peerTables(PEERS, NARROW));
    expect(lookOf({ isTTY: false, columns: 80 } as NodeJS.WriteStream, undefined)).toBe(PLAIN);
  });
});

describe('a sentence', () => {
  it('is broken between words where the terminal ends, and goes on below its beginning', () => {
    expect(wrapped('one two three four', 2, { columns: 9 })).toBe('one two\n  three\n  four');
    expect(wrapped('a-word-that-is-too-long yes', 2, { columns: 9 })).toBe('a-word-that-is-too-long\n  yes');
  });
});
