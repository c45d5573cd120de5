/** What `store doctor` makes of facts, and how it shows that. */

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { doctorText } from '../../src/cli/doctor/doctor-text.ts';
import { ok, problem, warning } from '../../src/cli/doctor/finding.ts';
import { diskFinding } from '../../src/cli/doctor/folder-findings.ts';
import { filesFinding, filesLimit, versionsFinding } from '../../src/cli/doctor/process-findings.ts';
import { dataFindings } from '../../src/cli/doctor/resting-findings.ts';
import { statusFindings } from '../../src/cli/doctor/status-findings.ts';
import { type Look, PLAIN } from '../../src/cli/look.ts';
import type { NodeStatus, PeerStatus, Warning } from '../../src/node/api.ts';
import { PACKAGE_VERSION } from '../../src/node/package-version.ts';
import { FORMAT_VERSION, type NodeState } from '../../src/storage/meta-record.ts';

const MIB = 2 ** 20;

const FINDINGS = [
  ok('disk', '1 GB free'),
  warning('files', '300 may be open at once', 'raise the limit'),
  problem(
    'peers',
    'The peer at 10.0.0.2:7531 cannot be reached: nothing listens there.',
    'see whether it runs, and whether the network lets its port through',
  ),
];

function nodeStatus(peers: readonly Partial<PeerStatus>[], warnings: readonly Warning[] = []): NodeStatus {
  const address = '127.0.0.1:7531';
  return { entries: 2, fingerprint: 'f', address, peers, warnings } as unknown as NodeStatus;
}

describe('what is told of', () => {
  it.each([
    [64 * MIB - 1, 'problem'],
    [64 * MIB, 'warning'],
    [1024 * MIB - 1, 'warning'],
    [1024 * MIB, 'ok'],
  ])('a disk with %d bytes free is: %s', async (bytes, mark) => {
    expect(await diskFinding('no/such/folder', () => Promise.resolve(bytes))).toMatchObject({ mark });
  });

  it.each([
    [255, 'problem'],
    [256, 'warning'],
    [2047, 'warning'],
    [2048, 'ok'],
    [Number.POSITIVE_INFINITY, 'ok'],
    [undefined, 'ok'],
  ])('a limit of %s open files is: %s', (limit, mark) => {
    expect(filesFinding(limit)).toMatchObject({ mark });
  });

  it('the limit of a process is its own', async () => {
    expect(await filesLimit(undefined)).toBeGreaterThan(0);
  });

  it('a Node.js that is too old is a problem, with the oldest one that package.json allows', async () => {
    const { engines } = JSON.parse(await readFile('package.json', 'utf8')) as { engines: { node: string } };
    const oldest = engines.node.replace('>=', '');
    expect(versionsFinding(undefined, `${oldest}.0`)).toMatchObject({ mark: 'ok' });
    expect(versionsFinding(undefined, '20.18.9')).toMatchObject({
      mark: 'problem',
      advice: `install Node.js ${oldest} or newer`,
    });
    expect(versionsFinding(undefined, '22.0.0')).toMatchObject({ mark: 'ok' });
  });

  it('a node of another version is a warning', () => {
    expect(versionsFinding(PACKAGE_VERSION)).toMatchObject({ mark: 'ok' });
    expect(versionsFinding('0.0.1')).toMatchObject({
      mark: 'warning',
      message: expect.stringMatching(/but the node runs boato 0\.0\.1$/) as string,
    });
  });

  it('a resting store with damage, or a copy that is not complete, says what to do', () => {
    const look = { formatVersion: FORMAT_VERSION, isStateLost: false, isStoppedCleanly: true };
    const state = { damaged: false, healing: false, bootstrapping: false } as NodeState;
    expect(dataFindings({ ...look, state: { ...state, damaged: true } })).toMatchObject([
      { mark: 'problem' },
    ]);
    expect(dataFindings({ ...look, state: undefined, isStateLost: true })).toMatchObject([
      { mark: 'problem', message: 'the record of what the store holds is lost' },
    ]);
    expect(dataFindings({ ...look, state: { ...state, healing: true } })).toMatchObject([
      { mark: 'warning' },
    ]);
    expect(dataFindings({ ...look, state: { ...state, bootstrapping: true } })).toMatchObject([
      { mark: 'warning' },
    ]);
  });
});

describe('of a running node', () => {
  it('each warning of the status takes the place of what is well', () => {
    const message = 'A record on disk is damaged.';
    const findings = statusFindings(nodeStatus([], [{ code: 'DAMAGED', message }]));
    expect(findings).toContainEqual({
      mark: 'problem',
      subject: 'data',
      message: `DAMAGED: ${message}`,
      advice: 'look after the disk, and let the node reach its peers',
    });
    expect(findings.filter(({ subject }) => subject === 'data')).toHaveLength(1);
    expect(findings.filter(({ subject }) => subject === 'clock')).toMatchObject([{ mark: 'ok' }]);
  });

  it('a warning that only a newer node knows is told, too', () => {
    const unknown = { code: 'NEWS', message: 'Something happened.' } as unknown as Warning;
    expect(statusFindings(nodeStatus([], [unknown]))).toContainEqual({
      mark: 'warning',
      subject: 'data',
      message: 'NEWS: Something happened.',
    });
  });

  it('a first copy that is on its way is a warning', () => {
    const findings = statusFindings({ ...nodeStatus([]), bootstrapping: true });
    expect(findings).toContainEqual(
      warning('data', '2 entries, and the first copy is still on its way', 'wait for the end of it'),
    );
  });

  it('no peers are a warning, one of several that is away too, and all of them a problem', () => {
    const here = { address: 'x:1', state: 'connected', clockOffsetMs: -1500.4 } as const;
    const away = { address: 'y:1', nodeId: 'y', state: 'disconnected' } as const;
    const self = { address: 'z:1', state: 'self' } as const;
    const peers = (status: NodeStatus): unknown =>
      statusFindings(status)
        .filter(({ subject }) => subject === 'peers')
        .map(({ mark, message }) => `${mark}: ${message}`);
    expect(peers(nodeStatus([self]))).toStrictEqual(['warning: none: this node has the only copy']);
    expect(peers(nodeStatus([here, away]))).toStrictEqual([
      'ok: x:1 can be reached',
      'warning: y at y:1 cannot be reached: disconnected',
    ]);
    expect(
      peers(nodeStatus([{ ...away, lastError: 'The peer at y:1 cannot be reached: why.' }])),
    ).toStrictEqual(['problem: The peer at y:1 cannot be reached: why.']);
    expect(peers(nodeStatus([{ ...here, state: 'silent' }]))).toStrictEqual([
      'problem: x:1 is connected, but does not answer',
    ]);
    expect(statusFindings(nodeStatus([here]))).toContainEqual(ok('clock', "at most 1500ms from the peer's"));
  });
});

describe('the text', () => {
  it('has one line for each finding where it is no terminal that reads', () => {
    expect(doctorText(FINDINGS)).toBe(
      [
        'ok       disk   1 GB free',
        'warning  files  300 may be open at once; raise the limit',
        'PROBLEM  peers  The peer at 10.0.0.2:7531 cannot be reached: nothing listens there; see whether it runs, and whether the network lets its port through',
        '',
      ].join('\n'),
    );
  });

  it('fits a terminal, and is aligned there', () => {
    expect(doctorText(FINDINGS, { ...PLAIN, columns: 80 })).toBe(
      [
        'ok       disk   1 GB free',
        'warning  files  300 may be open at once; raise the limit',
        'PROBLEM  peers  The peer at 10.0.0.2:7531 cannot be reached: nothing listens',
        '                there; see whether it runs, and whether the network lets its',
        '                port through',
        '',
      ].join('\n'),
    );
  });

  it('is painted where there are colours', () => {
    const paint: Look['paint'] = (style, text) => `<${String(style)} ${text}>`;
    const text = doctorText(FINDINGS, { columns: 80, paint });
    expect(text).toContain('<green ok     >  disk   1 GB free\n');
    expect(text).toContain(
      '<red PROBLEM>  peers  The peer at 10.0.0.2:7531 cannot be reached: nothing listens\n',
    );
  });

  it('shows what other nodes say without obeying it', () => {
    expect(doctorText([ok('peers', 'a\u{1b}[2J can be reached')])).toContain('a\\u{1b}[2J can be reached');
  });
});
