import { describe, expect, test } from 'vitest';
import type { Node, UserEvent, Value } from '../../src/index.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { temporaryNode } from './temporary-store.ts';

function heardAt(node: Node): UserEvent[] {
  const heard: UserEvent[] = [];
  node.on('event', (event) => void heard.push(event));
  return heard;
}

/** `a - b - c`, where `a` and `c` do not know each other. */
async function chain(): Promise<readonly [a: Node, b: Node, c: Node]> {
  const a = await temporaryNode({ nodeId: 'a' });
  const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
  const c = await temporaryNode({ nodeId: 'c', peers: [b.address] });
  await b.sync({ wait: true });
  await expect.poll(async () => (await b.status()).peers.length).toBe(2);
  return [a, b, c];
}

describe('a broadcast', () => {
  test('is told once to all who listen, at its own node and beyond its peers, whatever value it is', async () => {
    const [a, b, c] = await chain();
    const heard = [a, b, c].map(heardAt);
    const payload = { at: new Date(5), bytes: Uint8Array.of(1, 2), big: 5n };
    await a.broadcast('deploy/v2', payload);
    await c.broadcast('back');
    await expect.poll(() => heard.map(({ length }) => length)).toEqual([2, 2, 2]);
    for (const events of heard) {
      expect(events).toContainEqual({ name: 'deploy/v2', payload, nodeId: 'a' });
      expect(events).toContainEqual({ name: 'back', payload: null, nodeId: 'c' });
    }
  });

  test('is heard by nobody who does not listen any more, and what a listener throws harms nobody', async () => {
    const log = new RecordingLog();
    const node = await temporaryNode({ nodeId: 'a', log });
    const heard: string[] = [];
    const gone = ({ name }: UserEvent): void => void heard.push(name);
    node
      .on('event', gone)
      .on('event', () => {
        throw new Error('a defect');
      })
      .on('event', ({ name }) => void heard.push(`second ${name}`));
    await node.broadcast('one');
    node.off('event', gone);
    await node.broadcast('two');
    expect(heard).toEqual(['one', 'second one', 'second two']);
    expect(log.lines).toContain('error A listener failed. {"event":"one","error":"Error: a defect"}');
  });

  test.each([
    ['', null, 'INVALID_OPTION', 'The name of an event must be 1 to 64'],
    ['a b', null, 'INVALID_OPTION', 'The name of an event must be 1 to 64'],
    ['a'.repeat(65), null, 'INVALID_OPTION', 'The name of an event must be 1 to 64'],
    ['a', new Map(), 'INVALID_VALUE', ''],
    ['a', 'x'.repeat(8190), 'VALUE_TOO_LARGE', 'must have at most 8192 bytes packed, and this one has 8193'],
  ])('of %j is refused: %o', async (name, payload, code, sentence) => {
    const node = await temporaryNode({ nodeId: 'a' });
    await expect(node.broadcast(name, payload as Value)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(sentence) as string,
    });
  });

  test('of the largest size goes', async () => {
    const node = await temporaryNode({ nodeId: 'a' });
    const heard = heardAt(node);
    await node.broadcast('a'.repeat(64), 'x'.repeat(8189));
    expect(heard).toHaveLength(1);
  });

  test('is refused when there were too many, and of a node that is closed', async () => {
    const node = await temporaryNode({ nodeId: 'a' });
    const flood = Array.from({ length: 300 }, () => node.broadcast('a'));
    await expect(Promise.all(flood)).rejects.toMatchObject({ code: 'TOO_MANY_EVENTS' });
    await Promise.allSettled(flood);
    await node.close();
    await expect(node.broadcast('a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  test('is the only thing that a node tells of', async () => {
    const node = await temporaryNode({ nodeId: 'a' });
    expect(() => node.on('evnet' as 'event', () => undefined)).toThrow(
      /^A node tells of member:up, .*, event only\.$/u,
    );
  });
});
