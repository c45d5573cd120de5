/**
 * Who may not come into a running cluster with certificates: a real process that dials all its nodes is a member nowhere, gets
 * nothing, brings nothing, and is told why. (What each line of the logs says to the letter: `test/node/tls.test.ts`.)
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CertificatePaths } from '../../src/adapters/certificates.ts';
import { TestAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { eventually, formCluster, WatchedNode } from '../support/watched-node.ts';

interface Authorities {
  readonly own: TestAuthority;
  readonly foreign: TestAuthority;
}

interface Stranger {
  readonly who: string;
  readonly name: string;
  readonly certificate: (authorities: Authorities) => Promise<CertificatePaths | undefined>;
  readonly reason: RegExp;
}

const STRANGERS: readonly Stranger[] = [
  {
    who: 'a node without a certificate',
    name: 'd',
    certificate: () => Promise.resolve(undefined),
    reason: /the connection came without TLS/u,
  },
  {
    who: 'a node with one of a foreign authority',
    name: 'd',
    certificate: ({ foreign }) => foreign.issue('d'),
    reason: /the certificate of node [abcd] was issued by an authority that is not trusted/u,
  },
  {
    who: 'a node with a foreign one, though it takes those of the cluster',
    name: 'd',
    certificate: ({ own, foreign }) => foreign.issue('d', { trusted: [own, foreign] }),
    reason: /the certificate of node d was issued by an authority that is not trusted/u,
  },
  {
    who: 'a node with one that has expired',
    name: 'd',
    certificate: ({ own }) => own.issue('d', { fromDays: -9, days: -2 }),
    reason: /the certificate of node d expired on/u,
  },
  {
    who: 'a node with the certificate and the name of a member that runs',
    name: 'b',
    certificate: ({ own }) => own.issue('b'),
    reason: /[Tt]wo nodes (?:have the|run under one) name,? b/u,
  },
];

function optionsOf(paths: CertificatePaths | undefined): readonly string[] {
  if (paths === undefined) return [];
  return ['--tls-cert', paths.cert, '--tls-key', paths.key, '--tls-ca', paths.ca];
}

/** Warnings in the log, one a line. */
function warningsOf({ serve }: WatchedNode): readonly string[] {
  const lines = serve.stderr().split('\n').slice(0, -1);
  const told = lines.map((line) => JSON.parse(line) as { readonly code?: string; readonly msg: string });
  return told.flatMap(({ code, msg }) =>
    code === undefined || code.startsWith('CERTIFICATE_') ? [] : [msg],
  );
}

describe('is kept out of a running cluster, and both sides say why:', { timeout: 180_000 }, () => {
  test.each(STRANGERS.map((stranger) => [stranger.who, stranger] as const))(
    '%s',
    async (_who, { name, certificate, reason }) => {
      const folder = await temporaryFolder();
      const own = await TestAuthority.make(folder);
      const foreign = await TestAuthority.make(folder);
      const { a, b, c } = await formCluster(['a', 'b', 'c'], async (member, ...more) =>
        WatchedNode.start(folder, member, [...optionsOf(await own.issue(member)), ...more]),
      );
      const members = [a, b, c];
      await a.put('secret');
      const peers = members.flatMap(({ serve }) => ['--peer', serve.address]);
      const options = optionsOf(await certificate({ own, foreign }));
      const stranger = await WatchedNode.start(join(folder, 'elsewhere'), name, [...options, ...peers]);
      await stranger.put('forged');
      for (let tries = 0; tries < 3; tries++) await stranger.client.sync({ wait: false });

      for (const member of members)
        await eventually(() => expect(warningsOf(member)).toEqual([expect.stringMatching(reason)]));
      // One of each member, however often it tries.
      await eventually(() =>
        expect(warningsOf(stranger)).toEqual(members.map(() => expect.stringMatching(reason) as string)),
      );

      expect(await stranger.client.get('secret', {})).toBeUndefined();
      expect(Object.keys(await stranger.members())).toEqual([name]);
      for (const { client, serve, name: self } of members) {
        expect(await client.get('forged', {})).toBeUndefined();
        const known = await client.cluster.members();
        expect(known.map(({ nodeId }) => nodeId).toSorted()).toEqual(['a', 'b', 'c']);
        expect(known).toContainEqual(expect.objectContaining({ nodeId: self, address: serve.address }));
        expect(known.map(({ address }) => address)).not.toContain(stranger.serve.address);
      }
    },
  );
});
