import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import type { Channel } from '../../src/gossip/channel.ts';
import { type Link, preferredLink } from '../../src/gossip/link.ts';

const A = 'a' as NodeId;
const B = 'b' as NodeId;

function link(nodeId: NodeId, direction: Link['direction'], address: string, isOpen: boolean = true): Link {
  return {
    nodeId,
    channel: { isOpen } as Channel,
    direction,
    address,
    bootNonce: 0,
    protocolVersion: 1,
    sinceMs: 0,
  };
}

describe('of several links between two nodes', () => {
  test('both use the one that the node with the smaller name dialled', () => {
    // Two connections, each seen from both of its ends.
    const atA = [link(B, 'inbound', 'by b'), link(B, 'outbound', 'by a')];
    const atB = [link(A, 'outbound', 'by b'), link(A, 'inbound', 'by a')];
    expect(preferredLink(A, atA)?.address).toBe('by a');
    expect(preferredLink(B, atB)?.address).toBe('by a');
    expect(preferredLink(A, atA.toReversed())?.address).toBe('by a');
    expect(preferredLink(B, atB.toReversed())?.address).toBe('by a');
  });

  test('the newest is used of those that are equal: an older one may be dead', () => {
    const links = [link(B, 'outbound', 'old'), link(B, 'outbound', 'new'), link(B, 'inbound', 'other')];
    expect(preferredLink(A, links)?.address).toBe('new');
  });

  test('one that is closed is not used', () => {
    const links = [link(B, 'outbound', 'closed', false), link(B, 'inbound', 'open')];
    expect(preferredLink(A, links)?.address).toBe('open');
    expect(preferredLink(A, [link(B, 'outbound', 'closed', false)])).toBeUndefined();
    expect(preferredLink(A, [])).toBeUndefined();
  });

  test('the only one is used, whoever dialled it', () => {
    expect(preferredLink(A, [link(B, 'inbound', 'x')])?.address).toBe('x');
    expect(preferredLink(B, [link(A, 'outbound', 'x')])?.address).toBe('x');
  });
});
