import { describe, expect, it } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import { fakeServer } from './serve-fake.ts';

describe('POST /v1/clock/repair', () => {
  it('answers what the node did, with or without a body', async () => {
    const { ask } = fakeServer();
    const own = { removed: 3, rewritten: 2, others: 1 };
    expect(await ask('POST', '/v1/clock/repair')).toMatchObject({ status: 200, body: own });
    expect((await ask('POST', '/v1/clock/repair', {})).body).toStrictEqual(own);
    expect((await ask('POST', '/v1/clock/repair', { all: true })).body).toStrictEqual({
      ...own,
      rewritten: 3,
    });
  });

  it.each([{ all: 1 }, { every: true }, [true]])('refuses the body %j', async (body) => {
    const { ask } = fakeServer();
    expect(await ask('POST', '/v1/clock/repair', body)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_OPTION' },
    });
  });

  it('says that the clock is in doubt as a service that is not available now', async () => {
    const { ask, node } = fakeServer();
    node.repairClock = () => Promise.reject(new BoatoError('CLOCK_IN_DOUBT', 'The clock leapt.'));
    expect(await ask('POST', '/v1/clock/repair')).toMatchObject({
      status: 503,
      body: { code: 'CLOCK_IN_DOUBT', message: 'The clock leapt.' },
    });
  });
});
