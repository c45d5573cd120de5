import { describe, expect, test } from 'vitest';
import { formatAddress, hostOf, isHost, isHostPort, isPortless, isWildcard } from '../../src/core/host.ts';

describe('a host', () => {
  test.each([
    'a',
    'node-1.example.org',
    '_boato._tcp.x',
    '10.0.0.1',
    '::',
    '2001:db8::1',
    'fe80::1%eth0',
    'x'.repeat(253),
  ])('is %s', (host) => expect(isHost(host)).toBe(true));

  test.each([
    '',
    ' ',
    'a b',
    'a:1',
    '[::1]',
    'a\n',
    'é',
    '%eth0',
    '::%',
    'x'.repeat(254),
    ':'.repeat(46),
    5,
    null,
  ])('is not %j', (host) => expect(isHost(host)).toBe(false));
});

describe('an address', () => {
  test.each(['a:1', '10.0.0.1:65535', '[::1]:7531', '[fe80::1%eth0]:1'])('is %s', (address) => {
    expect(isHostPort(address)).toBe(true);
    const port = Number(/\d+$/u.exec(address)?.[0]);
    expect(formatAddress(hostOf(address), port)).toBe(address);
  });

  test.each([
    '',
    'a',
    'a:',
    'a:0',
    'a:65536',
    'a:01',
    ':1',
    '::1:1',
    '[a]:1',
    'a b:1',
    'a:1 ',
    'a:1e3',
    7531,
  ])('is not %j', (address) => expect(isHostPort(address)).toBe(false));
});

test('a name without a port has a letter: a number is rather a port without a host', () => {
  for (const name of ['cluster', 'a.b', '_boato._tcp.x', '0x']) expect(isPortless(name), name).toBe(true);
  for (const name of ['7531', '127.0.0.1', 'a:1', '', 'a b', '[::1]'])
    expect(isPortless(name), name).toBe(false);
});

test('all addresses of a machine are written in some ways', () => {
  for (const host of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0']) expect(isWildcard(host), host).toBe(true);
  for (const host of ['127.0.0.1', '::1', '0.0.0.1', 'a']) expect(isWildcard(host), host).toBe(false);
});
