import { beforeEach, describe, expect, test } from 'vitest';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { type NewRequest, PendingRequests, SLOW_BYTES, SLOW_MS } from '../../src/gossip/pending-requests.ts';

/** A failure comes at most so much late. */
const LATE_MS = 500;

const SUMMARY = { type: 'summary', contextHash: 1n, fingerprint: { count: 0, sum: 0n }, wallMs: 5 } as const;

let clock: SimulatedClock;
let bytes: number;
let requests: PendingRequests;
/** Numbers of the requests that were sent. */
let sent: number[];
let silences: number;

beforeEach(() => {
  clock = new SimulatedClock();
  bytes = 0;
  sent = [];
  silences = 0;
  requests = new PendingRequests({
    remote: 'b',
    clock,
    bytesReceived: () => bytes,
    send: ({ request }) => void sent.push(request),
    onSilence: () => void silences++,
  });
});

/** A request that waits; what became of it. */
function asked(message: NewRequest = SUMMARY): { outcome: string } {
  const request = { outcome: '' };
  requests.make(message).then(
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

describe('a request of which no byte comes', () => {
  test('fails after 2 s, and leaves the connection stalled until one comes', async () => {
    const request = asked();
    await clock.advance(1999);
    expect([request.outcome, requests.isStalled]).toEqual(['', false]);
    await clock.advance(1 + LATE_MS);
    expect(request.outcome).toBe('No byte came from b for 2 s.');
    expect(requests.isStalled).toBe(true);
    bytes++;
    expect(requests.isStalled).toBe(false);
  });

  test('is one of three in a row when nobody is taken to be there any more', async () => {
    await clock.advance(1000);
    for (let times = 1; times <= 3; times++) {
      expect(silences).toBe(0);
      asked();
      await clock.advance(2000);
      await settle();
    }
    expect(silences).toBe(1);
  });
});

describe('requests', () => {
  test('are 16 at once; more wait for their turn', async () => {
    for (let count = 0; count < 18; count++) asked();
    expect(sent).toHaveLength(16);
    requests.settle({ ...SUMMARY, type: 'summary-reply', request: 5 });
    await settle();
    expect(sent.slice(15)).toEqual([16, 17]);
  });

  test('are looked after by one timer, however many there are', async () => {
    let timers = 0;
    const after = clock.after.bind(clock);
    clock.after = (delayMs, callback) => {
      timers++;
      return after(delayMs, callback);
    };
    for (let count = 0; count < 16; count++) asked();
    requests.settle({ ...SUMMARY, type: 'summary-reply', request: 5 });
    expect(timers).toBe(1);
  });
});

describe('a request of which bytes come, but no message', () => {
  test('fails after 10 s with less than 10 KiB, and not before', async () => {
    const request = asked();
    await receive(2, SLOW_MS - 1);
    expect(request.outcome).toBe('');
    await receive(2, LATE_MS);
    expect(request.outcome).toBe('No message, and less than 10 KiB, came from b for 10 s.');
    expect(requests.isStalled).toBe(true);
  });

  test('fails though others were asked for meanwhile, and they with it', async () => {
    const first = asked();
    await receive(2, SLOW_MS / 2);
    const second = asked();
    await receive(2, SLOW_MS / 2 + LATE_MS);
    for (const { outcome } of [first, second]) expect(outcome).toContain('less than 10 KiB');
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
      requests.noteAnswer();
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

const NEXT: NewRequest = {
  type: 'next',
  session: 'ab'.repeat(16),
  cursor: Uint8Array.of(1),
  compress: false,
};
const CHUNK = { entries: new Uint8Array(0), plainBytes: 0, cursor: Uint8Array.of(1), last: false };
const UNANSWERED = 'No reply, and no sign of one, came from b for 10 s.';

describe('a request of a peer that goes on with everything else', () => {
  /** Messages come once a second, and bytes all the time. */
  async function hearOthers(seconds: number, each: () => void = () => {}): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await receive(3000, 1000);
      requests.noteMessage();
      each();
    }
  }

  test('fails after 10 s, and only those that were asked as long ago', async () => {
    const first = asked(NEXT);
    await hearOthers(5);
    const second = asked(NEXT);
    await hearOthers(4);
    expect([first.outcome, second.outcome]).toEqual(['', '']);
    await hearOthers(1);
    expect([first.outcome, second.outcome]).toEqual([UNANSWERED, '']);
    await hearOthers(5);
    expect(second.outcome).toBe(UNANSWERED);
  });

  test('leaves it stalled for as long again, twice as long each time in a row, and 160 s at most', async () => {
    for (const seconds of [10, 20, 40, 80, 160, 160]) {
      asked(NEXT);
      await hearOthers(5);
      // Of the same time: it makes no pause longer.
      asked(NEXT);
      await hearOthers(5);
      expect(requests.isStalled).toBe(true);
      await hearOthers(seconds - 1);
      expect(requests.isStalled).toBe(true);
      await hearOthers(1);
      expect(requests.isStalled).toBe(false);
    }
  });

  test.each([
    ['the late reply comes', () => requests.settle({ type: 'next-reply', request: 1, chunk: CHUNK })],
    [
      'another one of its kind is answered',
      () => {
        asked(NEXT);
        requests.settle({ type: 'next-reply', request: 2, chunk: CHUNK });
      },
    ],
  ])('leaves it stalled until %s, and the next time for 10 s again', async (_, answer) => {
    asked(NEXT);
    await hearOthers(11);
    expect(requests.isStalled).toBe(true);
    answer();
    expect(requests.isStalled).toBe(false);
    asked(NEXT);
    await hearOthers(10 + 9);
    expect(requests.isStalled).toBe(true);
    await hearOthers(1);
    expect(requests.isStalled).toBe(false);
  });

  test('leaves it stalled though others are answered, which may need no disk', async () => {
    asked(NEXT);
    await hearOthers(11);
    asked({ type: 'digest', from: 0n, to: 1n, pairs: [] });
    requests.settle({ type: 'digest-reply', request: 2, rows: [], lacking: [] });
    expect(requests.isStalled).toBe(true);
  });

  test('fails though summaries are answered meanwhile', async () => {
    const request = asked(NEXT);
    let number = 1;
    await hearOthers(10, () => {
      void requests.make(SUMMARY);
      requests.settle({ ...SUMMARY, type: 'summary-reply', request: ++number });
    });
    expect(request.outcome).toBe(UNANSWERED);
  });

  test('waits while others of its kind are answered, which may have come before it', async () => {
    for (let number = 1; number <= 3; number++) asked(NEXT);
    const request = asked(NEXT);
    for (let number = 1; number <= 3; number++) {
      await hearOthers(9);
      requests.settle({ type: 'next-reply', request: number, chunk: CHUNK });
    }
    await hearOthers(9);
    expect(request.outcome).toBe('');
    await hearOthers(1);
    expect(request.outcome).toBe(UNANSWERED);
  });

  test('waits while a long message is on its way, and 5 min at most', async () => {
    const request = asked(NEXT);
    await receive(4000, 299_000);
    expect(request.outcome).toBe('');
    await receive(4000, 2000);
    expect(request.outcome).toBe('No reply came from b for 300 s.');
  });
});
