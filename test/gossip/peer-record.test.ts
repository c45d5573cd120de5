import { expect, test } from 'vitest';
import type { Link } from '../../src/gossip/link.ts';
import { PeerRecord } from '../../src/gossip/peer-record.ts';

test.each([
  [[], 'disconnected'],
  [['silent'], 'silent'],
  [['silent', 'silent'], 'silent'],
  [['silent', 'answering'], 'connected'],
  [['answering', 'silent'], 'connected'],
])('a peer with the links %j is %s', (links, state) => {
  const record = new PeerRecord('a:7000', 'outbound');
  for (const each of links)
    record.addLink({ nodeId: 'a', channel: { isStalled: each === 'silent' } } as unknown as Link);
  expect(record.state).toBe(state);
});
