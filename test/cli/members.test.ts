/** What people see of members. */

import { expect, test } from 'vitest';
import { joinText, unreachedText } from '../../src/cli/join.ts';
import { PLAIN } from '../../src/cli/look.ts';
import { membersText } from '../../src/cli/members-text.ts';
import type { Member } from '../../src/node/api.ts';

const SELF: Member = {
  nodeId: 'lisboa',
  isSelf: true,
  status: 'up',
  statusAgoMs: 7_200_000,
  address: '10.0.0.1:7531',
  incarnation: 1_795_915_256_233,
  version: '0.1.0',
  protocolVersion: 2,
  metadata: '',
};

const OTHER: Member = {
  ...SELF,
  nodeId: 'faro',
  isSelf: false,
  address: '10.0.0.2:7531',
  roundTripMs: 0.612,
  lastSeenAgoMs: 1000,
  lagMs: 0,
};

test('members are one aligned table, which fits into 80 columns', () => {
  const down: Member = { ...OTHER, nodeId: 'porto', status: 'down', lastSeenAgoMs: 16_000, lagMs: 4000 };
  const { roundTripMs: _rtt, lastSeenAgoMs: _seen, lagMs: _lag, ...unknown } = OTHER;
  const members = [SELF, OTHER, down, { ...unknown, nodeId: 'braga', address: '' }];
  const text = membersText(members, { ...PLAIN, columns: 80 });
  expect(`\n${text}`).toMatchInlineSnapshot(`
    "
    members
      name    status  address        seen     rtt     lag  version  incarnation
      lisboa  up      10.0.0.1:7531  self                  0.1.0    1795915256233
      faro    up      10.0.0.2:7531  1s ago   0.61ms  0    0.1.0    1795915256233
      porto   down    10.0.0.2:7531  16s ago  0.61ms  4s   0.1.0    1795915256233
      braga   up      ?              never    ?       ?    0.1.0    1795915256233
    "
  `);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('a join says whom it reached, and whom not, and why', () => {
  const reason = 'The peer at b:1 cannot be reached: nothing listens there.';
  const unreached = [{ address: 'b:1', reason }];
  expect(joinText({ reached: ['a:1', 'c:1'], unreached: [] })).toBe('joined at a:1, c:1');
  expect(joinText({ reached: ['a:1'], unreached })).toBe('joined at a:1; 1 address not reached yet: b:1');
  expect(unreachedText({ reached: [], unreached })).toBe(
    `Nobody was reached; the node goes on trying. b:1: ${reason}`,
  );
});
