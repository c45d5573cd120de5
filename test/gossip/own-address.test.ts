/** Where a node says that it is reached. */

import { describe, expect, test } from 'vitest';
import { OwnAddress } from '../../src/gossip/own-address.ts';

function ownAddress(advertised?: string) {
  const told: string[] = [];
  const own: OwnAddress = new OwnAddress(advertised, () => void told.push(own.text));
  return { own, told };
}

describe('a node is reached', () => {
  test('where it was told, whatever it is bound to, and however peers know it', () => {
    const { own, told } = ownAddress('[2001:db8::1]:80');
    own.bound('0.0.0.0:7531');
    own.seenAs('10.0.0.1');
    expect(own.text).toBe('[2001:db8::1]:80');
    expect(own.contact).toEqual({ host: '2001:db8::1', port: 80 });
    expect(told).toEqual(['[2001:db8::1]:80']);
  });

  test('where it is bound', () => {
    const { own, told } = ownAddress();
    expect(own.text).toBe('');
    own.bound('127.0.0.1:7531');
    own.seenAs('10.0.0.1');
    expect(told).toEqual(['127.0.0.1:7531']);
  });

  test.each(['0.0.0.0:7531', '[::]:7531'])('as the first peer knows it, if it is bound to %s', (bound) => {
    const { own, told } = ownAddress();
    own.bound(bound);
    expect(own.text).toBe('');
    expect(own.contact).toEqual({ host: '', port: 7531 });
    own.seenAs('');
    own.seenAs('0.0.0.0');
    own.seenAs('10.0.0.1');
    own.seenAs('10.0.0.2');
    own.seenAs('127.0.0.1');
    expect(told).toEqual(['', '10.0.0.1:7531']);
  });

  test('as a peer on another machine knows it, rather than one on the same', () => {
    const { own, told } = ownAddress();
    own.bound('0.0.0.0:7531');
    own.seenAs('127.0.0.1');
    own.seenAs('::1');
    own.seenAs('10.0.0.1');
    expect(told).toEqual(['', '127.0.0.1:7531', '10.0.0.1:7531']);
  });
});
