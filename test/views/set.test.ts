/** Sets: members are added and removed one by one. */

import { describe, expect, test } from 'vitest';
import { parseToken, type TokenDot } from '../../src/core/token.ts';
import { setOf } from '../../src/index.ts';
import { temporaryNode, temporaryStore } from '../node/temporary-store.ts';

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('a set', () => {
  test('holds what was added, and not removed since', async () => {
    const tags = setOf(await temporaryStore(), 'tags');
    await tags.add('red');
    await tags.add('blue');
    await tags.add('blue');
    expect(await tags.delete('red')).toMatchObject({ existed: true });
    expect(await tags.delete('green')).toMatchObject({ existed: false });
    expect([await tags.has('red'), await tags.has('blue'), await tags.size()]).toEqual([false, true, 1]);
    await tags.add('red');
    expect(await listed(tags.members())).toEqual(['blue', 'red']);
  });

  test('takes different members from two nodes at once', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    const [, { token }] = await Promise.all([setOf(a, 'tags').add('red'), setOf(b, 'tags').add('blue')]);
    expect(await listed(setOf(a, 'tags').members({ after: token }))).toEqual(['blue', 'red']);
  });

  test('keeps a member that was added again while another node removed it: the later of both wins', async () => {
    const adding = await temporaryNode({ nodeId: 'b' });
    const removing = await temporaryNode({ nodeId: 'a' });
    await setOf(adding, 'tags').add('red');
    const { token } = await setOf(removing, 'tags').delete('red');
    const { version: removed } = parseToken(token) as TokenDot;
    // In the same millisecond the removal may be the later one.
    for (let added = 0; added <= removed;) ({ version: added } = await setOf(adding, 'tags').add('red'));
    await removing.join([adding.address]);
    await removing.sync({ wait: true });
    for (const node of [adding, removing]) expect(await setOf(node, 'tags').has('red')).toBe(true);
  });

  test('says which key is no member of it', async () => {
    const store = await temporaryStore();
    await store.put('tags/red', 1);
    await expect(setOf(store, 'tags').has('red')).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    await expect(listed(setOf(store, 'tags').members())).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });

  test('refuses a member that is no key', async () => {
    const tags = setOf(await temporaryStore(), 'tags');
    await expect(tags.add('\ud800')).rejects.toMatchObject({ code: 'INVALID_KEY' });
    await expect(tags.add('x'.repeat(2000))).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });
});
