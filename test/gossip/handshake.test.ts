import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { commonVersion, differingSettings, helloOf, refusal, type Self } from '../../src/gossip/handshake.ts';
import { PROTOCOL_VERSION } from '../../src/gossip/protocol-version.ts';

const a: Self = {
  nodeId: 'a' as NodeId,
  clusterId: 'shop',
  bootNonce: 1,
  settings: { tombstoneTtlMs: 20_000, maxDriftMs: 30_000 },
  contact: { host: '', port: 0, startedMs: 0 },
};
const b: Self = { ...a, nodeId: 'b' as NodeId, bootNonce: 2 };

describe('two nodes may talk', () => {
  test('if version and cluster are the same and the names are not', () => {
    expect(refusal(a, helloOf(b))).toBeUndefined();
    expect(refusal(b, helloOf(a))).toBeUndefined();
  });

  test('even if their settings differ', () => {
    expect(refusal(a, helloOf({ ...b, settings: { tombstoneTtlMs: 1, maxDriftMs: 1 } }))).toBeUndefined();
  });

  test('even if their nonces happen to be the same', () => {
    expect(refusal(a, helloOf({ ...b, bootNonce: a.bootNonce }))).toBeUndefined();
  });
});

describe('two nodes refuse each other, and say why', () => {
  test('if they speak no common version of the protocol', () => {
    const newer = { newestVersion: PROTOCOL_VERSION + 2, oldestVersion: PROTOCOL_VERSION + 1 };
    expect(refusal(a, { ...helloOf(b), ...newer })).toMatchInlineSnapshot(`
      {
        "code": "protocol-version",
        "reason": "this node speaks versions 1 to 2 of the protocol, the other one versions 3 to 4",
        "type": "reject",
      }
    `);
  });

  test('if they speak one version each, and not the same', () => {
    const later = PROTOCOL_VERSION + 1;
    const reject = refusal(a, { ...helloOf(b), newestVersion: later, oldestVersion: later });
    expect(reject?.reason).toMatch(/, the other one version 3$/);
  });

  test('if one says a name that is not that of its certificate', () => {
    expect(refusal(a, helloOf(b), 'b')).toBeUndefined();
    expect(refusal(a, helloOf(b), 'c')).toMatchInlineSnapshot(`
      {
        "code": "certificate",
        "reason": "the certificate is that of node c, and the hello that of node b",
        "type": "reject",
      }
    `);
  });

  test('if they belong to different clusters', () => {
    expect(refusal(a, helloOf({ ...b, clusterId: 'other' }))).toMatchInlineSnapshot(`
      {
        "code": "cluster",
        "reason": "this node belongs to cluster shop, the other one to other",
        "type": "reject",
      }
    `);
  });

  test('if they have the same name', () => {
    expect(refusal(a, helloOf({ ...b, nodeId: a.nodeId }))).toMatchInlineSnapshot(`
      {
        "code": "same-name",
        "reason": "two nodes have the name a: give one of them another name, and an empty folder (\`store export\` and \`store import\` bring over what only it holds)",
        "type": "reject",
      }
    `);
  });

  test('a node knows itself by the nonce of its run', () => {
    expect(refusal(a, helloOf(a))).toMatchInlineSnapshot(`
      {
        "code": "same-node",
        "reason": "the node dialled itself",
        "type": "reject",
      }
    `);
  });

  test('the version matters before the cluster, and the cluster before the name', () => {
    const later = PROTOCOL_VERSION + 1;
    const hello = { ...helloOf({ ...b, nodeId: a.nodeId, clusterId: 'other' }) };
    expect(refusal(a, hello)?.code).toBe('cluster');
    expect(refusal(a, { ...hello, newestVersion: later, oldestVersion: later })?.code).toBe(
      'protocol-version',
    );
  });
});

test('each setting that differs gets a sentence, and none that agrees', () => {
  expect(differingSettings(a, helloOf(b))).toEqual([]);
  const settings = { tombstoneTtlMs: 1000, maxDriftMs: 2000 };
  expect(differingSettings(a, helloOf({ ...b, settings: { ...a.settings, maxDriftMs: 2000 } }))).toHaveLength(
    1,
  );
  expect(differingSettings(a, helloOf({ ...b, settings }))).toMatchInlineSnapshot(`
    [
      "Node b has tombstoneTtlMs 1000, this node 20000: make it one setting for the cluster.",
      "Node b has maxDriftMs 2000, this node 30000: make it one setting for the cluster.",
    ]
  `);
});

describe('of the versions that two nodes speak', () => {
  test.each([
    [{ oldest: 1, newest: 1 }, { oldest: 1, newest: 1 }, 1],
    [{ oldest: 1, newest: 3 }, { oldest: 1, newest: 1 }, 1],
    [{ oldest: 2, newest: 4 }, { oldest: 1, newest: 3 }, 3],
    [{ oldest: 2, newest: 3 }, { oldest: 3, newest: 9 }, 3],
    [{ oldest: 2, newest: 3 }, { oldest: 1, newest: 1 }, undefined],
  ])('%j and %j: both choose %s', (own, theirs, version) => {
    expect(commonVersion(own, theirs)).toBe(version);
    expect(commonVersion(theirs, own)).toBe(version);
  });

  test('a node that speaks a later one as well is talked to', () => {
    expect(refusal(a, { ...helloOf(b), newestVersion: PROTOCOL_VERSION + 1 })).toBeUndefined();
  });
});
