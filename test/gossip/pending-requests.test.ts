import { beforeEach, describe, expect, test } from 'vitest';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { PendingRequests, SLOW_BYTES, SLOW_MS } from '../../src/gossip/pending-requests.ts';

/** A failure comes at most so much late. */
const LATE_MS = 500;

const SUMMARY = { type: 'summary', contextHash: 1n, fingerprint: { count: 0, sum: 0n }, wallMs: 5 } as const;

let clock: SimulatedClock;
let bytes: number;
let requests: PendingRequests;

beforeEach(() => {
  clock = new SimulatedClock();
  bytes = 0;
  requests = new PendingRequests({
    remote: 'b',
    clock,
    bytesReceived: () => bytes,
    send: () => {},
    onSilence: () => {},
  });
});

/** A request that waits; what became of it. */
function asked(): { outcome: string } {
  const request = { outcome: '' };
  requests.make(SUMMARY).then(
    ({ type }) => (request.outcome = type),
    (error: unknown) => (request.outcome = (error as BoatoError).message),
  );
  return request;
}

async function receive(bytesPerSecond: number, forMs: number): Promise<void> {
  for (let ms = 0; ms < forMs; ms += 500) {
    bytes += bytesPerSecond / 2;
    await clock.advance(Math.min(500, forMs - ms));
  }
  await settle();
}

describe('a request of which bytes come, but no message', () => {
  test('fails after 10 s with less than 10 KiB, and not before', async () => {
    const request = asked();
    await receive(2, SLOW_MS - 1);
    expect(request.outcome).toBe('');
    await receive(2, LATE_MS);
    expect(request.outcome).toBe('No message, and less than 10 KiB, came from b for 10 s.');
    expect(requests.isStalled).toBe(true);
  });

  test('waits as long as enough of them come', async () => {
    const request = asked();
    await receive((SLOW_BYTES * 1000) / SLOW_MS, 100_000);
    expect(request.outcome).toBe('');
    expect(requests.isStalled).toBe(false);
    await receive(2, SLOW_MS + LATE_MS);
    expect(request.outcome).toContain('less than 10 KiB');
  });

  test('waits while messages come to their end, however small: who is at work for long says so', async () => {
    const request = asked();
    for (let second = 0; second < 60; second++) {
      await receive(20, 1000);
      requests.noteMessage();
    }
    expect(request.outcome).toBe('');
    requests.settle({ ...SUMMARY, type: 'summary-reply', request: 1 });
    await settle();
    expect(request.outcome).toBe('summary-reply');
  });

  test('counts from when it was sent: a connection may have been quiet for long before', async () => {
    await clock.advance(100_000);
    const request = asked();
    await receive(2, SLOW_MS - 1);
    expect(request.outcome).toBe('');
  });

  test('leaves the connection stalled: later ones fail at once, until a message has come to its end', async () => {
    asked();
    await receive(2, SLOW_MS + LATE_MS);
    await receive(2, SLOW_MS);
    const next = asked();
    await receive(2, 2 * LATE_MS);
    expect(next.outcome).toContain('less than 10 KiB');
    expect(requests.isStalled).toBe(true);
    requests.noteMessage();
    expect(requests.isStalled).toBe(false);
    const last = asked();
    await receive(2, SLOW_MS - 1);
    expect(last.outcome).toBe('');
  });
});
