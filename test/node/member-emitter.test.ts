import { expect, test } from 'vitest';
import type { Member } from '../../src/node/api.ts';
import { MemberEmitter } from '../../src/node/member-emitter.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MEMBER: Member = {
  nodeId: 'b',
  isSelf: false,
  status: 'up',
  statusAgoMs: 0,
  address: 'b:7000',
  incarnation: 1,
  version: '0.1.0',
  protocolVersion: 2,
  metadata: '',
};

test('each listener of an event is told, though another one throws, until it is taken off', () => {
  const log = new RecordingLog();
  const emitter = new MemberEmitter(log);
  const told: string[] = [];
  const listener = ({ nodeId }: Member): void => void told.push(nodeId);
  emitter.on('member:up', () => {
    throw new Error('of no use');
  });
  emitter.on('member:up', listener);
  emitter.on('member:down', () => void told.push('down'));
  emitter.emit('member:up', MEMBER);
  expect(told).toEqual(['b']);
  expect(log.lines).toEqual([expect.stringContaining('A listener failed.')]);
  emitter.off('member:up', listener);
  emitter.emit('member:up', MEMBER);
  expect(told).toEqual(['b']);
});

test('a listener that takes itself off while it is told leaves the others in place', () => {
  const emitter = new MemberEmitter(new RecordingLog());
  const told: string[] = [];
  const once = (): void => {
    told.push('once');
    emitter.off('member:up', once);
  };
  emitter.on('member:up', once);
  emitter.on('member:up', () => void told.push('always'));
  emitter.emit('member:up', MEMBER);
  emitter.emit('member:up', MEMBER);
  expect(told).toEqual(['once', 'always', 'always']);
});
