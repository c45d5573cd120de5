import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../src/adapters/address.ts';
import { isLoopback } from '../../src/core/host.ts';

describe('an address', () => {
  test.each([
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['localhost:65535', 'localhost', 65_535],
    ['[::1]:7531', '::1', 7531],
    ['shop-12.example:80', 'shop-12.example', 80],
  ])('%s is understood, and written the same again', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
    expect(formatAddress(host, port)).toBe(text);
  });

  test.each([
    '',
    'host',
    'host:',
    ':80',
    'host:65536',
    'host:01',
    'host:00',
    '[::1]:07531',
    'host:-1',
    '::1:80',
    '[::1]',
    '[nonsense]:80',
    'a b:80',
    'http://a:80',
  ])('%s is refused in one sentence', (text) => {
    expect(() => parseAddress(text)).toThrow(/^The address ".*" must have the form host:port/);
  });

  test('of loopback is told from others', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1']) {
      expect(isLoopback(host), host).toBe(true);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.example', 'localhost.example']) {
      expect(isLoopback(host), host).toBe(false);
    }
  });
});
