/** Arbitrary updates of members. */

import * as fc from 'fast-check';
import type { NodeId } from '../../src/core/actor.ts';
import { isLive, STATUSES, type Update } from '../../src/membership/member.ts';

const names = fc.constantFrom('a', 'ab', 'a-b', 'B', 'node-1', 'n'.repeat(64)) as fc.Arbitrary<NodeId>;
const addresses = fc.constantFrom('', 'a:1', 'b.example:65535', '10.0.0.1:7000', '[fe80::1%eth0]:7000');

/** Of any member, with few incarnations: so they meet. */
export const memberUpdates: fc.Arbitrary<Update> = fc
  .record({
    nodeId: names,
    incarnation: fc.oneof(fc.nat({ max: 3 }), fc.maxSafeNat()),
    status: fc.constantFrom(...STATUSES),
    address: addresses,
    version: fc.constantFrom('', '0.1.0', '1.0.0-rc.1+build', '~'.repeat(32)),
    protocolVersion: fc.oneof(fc.constant(2), fc.maxSafeNat()),
    metadata: fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.constant(new Uint8Array(512))),
    accuser: names,
    ageMs: fc.nat({ max: 1_000_000 }),
  })
  .map(({ accuser, ageMs, ...record }) => ({
    ...record,
    accuser: record.status === 'suspect' ? accuser : undefined,
    ageMs: isLive(record) ? 0 : ageMs,
  }));
