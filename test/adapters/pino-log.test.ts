import { describe, expect, test } from 'vitest';
import { createLog, LOG_LEVELS, type LogLevel } from '../../src/adapters/pino-log.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import type { Log } from '../../src/ports/log.ts';
import { describeLog } from '../contract/log.contract.ts';

function logged(level: LogLevel): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createLog({ level, destination: { write: (line) => void lines.push(line) } }), lines };
}

function sayAll(log: Log): void {
  log.debug({}, 'debug');
  log.info({}, 'info');
  log.warn({}, 'warn');
  log.error({}, 'error');
}

describeLog('pino', () => logged('debug').log);
describeLog('silence', () => silentLog);

describe('a line of the log', () => {
  test('is one JSON object with level, time, fields and message, and nothing about the machine', () => {
    const { log, lines } = logged('info');
    const before = Date.now();
    log.warn({ peer: 'b', offsetMs: -5 }, 'A clock is wrong.');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    const { time, ...rest } = JSON.parse(lines[0] as string) as { time: string };
    expect(rest).toEqual({ level: 40, peer: 'b', offsetMs: -5, msg: 'A clock is wrong.' });
    expect(time).toBe(new Date(time).toISOString());
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(time)).toBeLessThanOrEqual(Date.now());
  });

  test('is there when the call returns', () => {
    const { log, lines } = logged('info');
    log.info({}, 'one');
    expect(lines).toHaveLength(1);
    log.info({}, 'two');
    expect(lines).toHaveLength(2);
  });

  test('stays one line, whatever a peer calls itself', () => {
    const { log, lines } = logged('info');
    const peer = 'a\n{"level":60,"msg":"forged"}\r\n\u2028"\\\u0000\uD800';
    log.error({ peer, [peer]: 1 }, peer);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\n\r]/);
    const line = JSON.parse(lines[0] as string) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 50, peer, [peer]: 1 });
    expect(line.msg).toBe(peer);
  });

  test('tells of an error its type, message, code and stack', () => {
    const { log, lines } = logged('info');
    const err = Object.assign(new TypeError('no'), { code: 'ENO' });
    log.error({ err }, 'It failed.');
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      err: { type: 'TypeError', message: 'no', code: 'ENO', stack: expect.stringContaining('TypeError: no') },
      msg: 'It failed.',
    });
  });
});

describe('the level of a log', () => {
  const heard: Record<LogLevel, string[]> = {
    debug: ['debug', 'info', 'warn', 'error'],
    info: ['info', 'warn', 'error'],
    warn: ['warn', 'error'],
    error: ['error'],
    silent: [],
  };

  test.each(LOG_LEVELS)('%s lets through itself and what is worse', (level) => {
    const { log, lines } = logged(level);
    sayAll(log);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(heard[level]);
  });
});
