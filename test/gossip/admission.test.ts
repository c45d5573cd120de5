/** One live process for each name. */

import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { Admission } from '../../src/gossip/admission.ts';
import type { Channel } from '../../src/gossip/channel.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { Hello } from '../../src/gossip/greeting-messages.ts';

/** Of a process that began at `startedMs`, which is its nonce, too; at 0 it does not tell. */
function helloAt(startedMs: number): Hello {
  const { contact, ...hello } = helloOf({
    nodeId: 'twin' as NodeId,
    clusterId: 'test',
    bootNonce: startedMs,
    settings: { tombstoneTtlMs: 1, maxDriftMs: 1 },
    contact: { host: '', port: 0, startedMs },
  });
  return startedMs === 0 || contact === undefined ? hello : { ...hello, contact };
}

/** Links of one name, and what becomes of them. */
class Links {
  links: Link[] = [];
  readonly told: string[] = [];
  readonly admission: Admission = new Admission(() => this.links);

  add(hello: Hello, isAlive: boolean): void {
    const name = String(hello.bootNonce);
    const channel = {
      request: () => (isAlive ? Promise.resolve({}) : Promise.reject(new Error('silent'))),
      notify: ({ code }: { readonly code: string }) => void this.told.push(`${name} is told ${code}`),
      close: () => {
        this.links = this.links.filter((link) => link.bootNonce !== hello.bootNonce);
        this.told.push(`${name} is closed`);
      },
    } as unknown as Channel;
    const { nodeId, bootNonce, contact } = hello;
    const link = { nodeId, bootNonce, channel, direction: 'inbound', address: 'twin:1' } as const;
    const rest = { protocolVersion: 2, sinceMs: 0 };
    this.links.push({ ...link, ...rest, ...(contact === undefined ? {} : { contact }) });
  }

  async judge(hello: Hello): Promise<string> {
    return (await this.admission.judge(hello))?.code ?? 'may come';
  }
}

describe('who says hello', () => {
  test('may come at once if no other process has its name', () => {
    const links = new Links();
    expect(links.admission.judge(helloAt(1))).toBeUndefined();
    links.add(helloAt(1), true);
    expect(links.admission.judge(helloAt(1))).toBeUndefined();
  });

  test.each([
    ['later than one that lives, is refused', 5, 7, true, 'same-name', []],
    ['later than one that is gone, takes its place', 5, 7, false, 'may come', ['5 is closed']],
    [
      'before one that lives, takes its place, and that one is told',
      7,
      5,
      true,
      'may come',
      ['7 is told same-name', '7 is closed'],
    ],
    ['before one that is gone, takes its place', 7, 5, false, 'may come', ['7 is closed']],
  ])('and began %s', async (_what, known, candidate, isAlive, verdict, told) => {
    const links = new Links();
    links.add(helloAt(known), isAlive);
    expect(await links.judge(helloAt(candidate))).toBe(verdict);
    expect(links.told).toEqual(told);
  });

  test('is refused beside one that lives, if one of the two does not tell when it began', async () => {
    for (const [known, candidate] of [
      [0, 5],
      [5, 0],
    ] as const) {
      const links = new Links();
      links.add(helloAt(known), true);
      expect(await links.judge(helloAt(candidate))).toBe('same-name');
    }
  });

  test('together with a third one meets it, though the first was gone for both', async () => {
    const links = new Links();
    links.add(helloAt(1), false);
    const first = links.admission.judge(helloAt(2))?.then((reject) => {
      links.add(helloAt(2), true);
      return reject;
    });
    const second = links.judge(helloAt(3));
    expect(await first).toBeUndefined();
    expect(await second).toBe('same-name');
  });
});
