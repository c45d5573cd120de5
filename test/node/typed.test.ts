/** Typed stores: schemas check what is written, and what is read. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { SchemaError, typed, type TypedOperation, type TypedOptions } from '../../src/index.ts';
import { contentsOf, temporaryStore } from './temporary-store.ts';

const User = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  age: v.optional(v.number(), 0),
});

/** A Standard Schema made by hand: takes digits, gives a number. */
const digits: StandardSchemaV1<string, number> = {
  '~standard': {
    version: 1,
    vendor: 'hand',
    validate: (value) =>
      typeof value === 'string' && /^\d+$/.test(value)
        ? { value: Number(value) }
        : { issues: [{ message: 'digits, please' }] },
  },
};

/** The same, slowly. */
const slowDigits: StandardSchemaV1<string, number> = {
  '~standard': {
    ...digits['~standard'],
    validate: async (value) => {
      await Promise.resolve();
      return digits['~standard'].validate(value);
    },
  },
};

describe('a typed store', () => {
  test('stores what the schema takes, and reads what it makes of that', async () => {
    const store = await temporaryStore();
    const users = typed(store, { prefix: 'user/', schema: User });
    await users.put('1', { name: 'Ada' });
    expect(await store.get('user/1')).toEqual({ name: 'Ada' });
    expect(await users.get('1')).toEqual({ name: 'Ada', age: 0 });
    const numbers = typed(store, { prefix: 'n/', schema: digits });
    await numbers.put('a', '42');
    expect(await numbers.get('a')).toBe(42);
    expect(await store.get('n/a')).toBe('42');
  });

  test('has the types of its schema', async () => {
    const store = await temporaryStore();
    const users = typed(store, { schema: User });
    expectTypeOf<Parameters<typeof users.put>[1]>().toEqualTypeOf<{
      name: string;
      age?: number | undefined;
    }>();
    expectTypeOf(users.get('1')).resolves.toEqualTypeOf<{ name: string; age: number } | undefined>();
    const numbers = typed(store, { schema: digits });
    expectTypeOf<Parameters<typeof numbers.put>[1]>().toEqualTypeOf<string>();
    expectTypeOf(numbers.getMany(['a'])).resolves.toEqualTypeOf<readonly (number | undefined)[]>();
    for await (const entry of numbers.entries()) expectTypeOf(entry.value).toEqualTypeOf<number>();
    // @ts-expect-error an age is no text
    await expect(users.put('1', { name: 'Ada', age: '36' })).rejects.toThrow(SchemaError);
  });

  test('names its keys without the prefix, and sees no others', async () => {
    const store = await temporaryStore();
    await store.put('other', 'x');
    await store.put('n', 'x');
    const numbers = typed(store, { prefix: 'n/', schema: digits });
    await numbers.batch(['a', 'ab', 'b'].map((key) => ({ type: 'put', key, value: '1' })));
    const keys = async (options?: Parameters<typeof numbers.entries>[0]): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key } of numbers.entries(options)) found.push(key);
      return found;
    };
    expect(await keys()).toEqual(['a', 'ab', 'b']);
    expect(await keys({ prefix: 'a', reverse: true })).toEqual(['ab', 'a']);
    expect(await keys({ gt: 'a', lt: 'b' })).toEqual(['ab']);
    expect(await numbers.count()).toBe(3);
    expect(await numbers.count({ prefix: 'a' })).toBe(2);
    expect(await numbers.getEntry('a')).toMatchObject({ key: 'a', value: 1 });
    expect(await numbers.getMany(['b', 'none', 'a'])).toEqual([1, undefined, 1]);
    expect(await numbers.del('a')).toMatchObject({ existed: true });
    expect(await store.get('n/a')).toBeUndefined();
    expect(await store.count()).toBe(4);
  });

  test('takes conditions and tokens as the store does', async () => {
    const store = await temporaryStore();
    const numbers = typed(store, { schema: digits });
    const made = await numbers.put('a', '1', { ifAbsent: true });
    await expect(numbers.put('a', '2', { ifAbsent: true })).rejects.toMatchObject({
      code: 'CONDITION_FAILED',
    });
    await numbers.batch([{ type: 'put', key: 'a', value: '2', ifVersion: made }]);
    const entry = await numbers.getEntry('a', { after: made.token });
    if (entry === undefined) throw new Error('it is there');
    await numbers.del('a', { ifVersion: entry });
    expect(await numbers.get('a')).toBeUndefined();
  });

  test('takes an asynchronous schema', async () => {
    const store = await temporaryStore();
    const numbers = typed(store, { schema: slowDigits });
    await numbers.put('a', '1');
    await numbers.batch([{ type: 'put', key: 'b', value: '2' }]);
    expect(await numbers.getMany(['a', 'b'])).toEqual([1, 2]);
    await expect(numbers.put('a', 'x')).rejects.toThrow(SchemaError);
    await expect(numbers.batch([{ type: 'put', key: 'b', value: 'x' }])).rejects.toThrow(SchemaError);
    const async = typed(store, {
      prefix: 'user/',
      schema: v.pipeAsync(
        User,
        v.checkAsync(async () => true),
      ),
    });
    await async.put('1', { name: 'Ada' });
    expect(await async.get('1')).toEqual({ name: 'Ada', age: 0 });
  });

  test('takes the value as it is when it is called', async () => {
    const store = await temporaryStore();
    const users = typed(store, { schema: User });
    const value = { name: 'Ada' };
    const done = [users.put('1', value), users.batch([{ type: 'put', key: '2', value }])];
    value.name = '';
    await Promise.all(done);
    expect(await store.getMany(['1', '2'])).toEqual([{ name: 'Ada' }, { name: 'Ada' }]);
  });
});

describe('a value that does not match', () => {
  test('is not written, and its issues are told with their paths', async () => {
    const store = await temporaryStore();
    const schema = v.object({ name: v.string(), tags: v.array(v.number()) });
    const users = typed(store, { prefix: 'user/', schema });
    const bad = { name: 5, tags: [1, 'x'] } as never;
    const error = await users.put('1', bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      key: 'user/1',
      issues: [
        { path: ['name'], message: expect.stringContaining('string') as string },
        { path: ['tags', 1], message: expect.stringContaining('number') as string },
      ],
    });
    expect((error as Error).message).toMatchInlineSnapshot(
      `"The value of the key "user/1" does not match its schema: name: Invalid type: Expected string but received 5; tags.1: Invalid type: Expected number but received "x"; nothing was written."`,
    );
    expect(await store.count()).toBe(0);
  });

  test('keeps its whole batch from being written', async () => {
    const store = await temporaryStore();
    const numbers = typed(store, { schema: digits });
    const operations: TypedOperation<string>[] = [
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: 'x' },
    ];
    await expect(numbers.batch(operations)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', key: 'b' });
    expect(await store.count()).toBe(0);
  });

  test('that is met by a read fails there, and stays as it is', async () => {
    const store = await temporaryStore();
    await store.batch([
      { type: 'put', key: 'n/a', value: '1' },
      { type: 'put', key: 'n/b', value: 'x' },
    ]);
    const numbers = typed(store, { prefix: 'n/', schema: digits });
    const mismatch = {
      code: 'SCHEMA_MISMATCH',
      key: 'n/b',
      issues: [{ message: 'digits, please', path: [] }],
    };
    await expect(numbers.get('b')).rejects.toMatchObject(mismatch);
    await expect(numbers.getEntry('b')).rejects.toMatchObject(mismatch);
    await expect(numbers.getMany(['a', 'b'])).rejects.toMatchObject(mismatch);
    const seen: string[] = [];
    const readAll = async (): Promise<void> => {
      for await (const { key } of numbers.entries()) seen.push(key);
    };
    await expect(readAll()).rejects.toMatchObject(mismatch);
    expect(seen).toEqual(['a']);
    expect(await contentsOf(store)).toEqual(
      new Map([
        ['n/a', '1'],
        ['n/b', 'x'],
      ]),
    );
  });

  test('is told with the cause where the schema itself fails', async () => {
    const store = await temporaryStore();
    const cause = new Error('the schema is out of order');
    for (const validate of [
      () => Promise.reject(cause),
      () => {
        throw cause;
      },
    ]) {
      const broken = typed(store, { schema: { '~standard': { version: 1, vendor: 'hand', validate } } });
      await expect(broken.put('a', 1)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', issues: [], cause });
    }
  });

  test('that the schema takes and no store can hold is refused by the store', async () => {
    const store = await temporaryStore();
    const anything = typed(store, { schema: v.unknown() });
    await expect(anything.put('a', new Map())).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});

test.each([
  ['no options', undefined],
  ['no schema', {}],
  ['something for a schema', { schema: { parse: () => 1 } }],
  ['a prefix that is no text', { schema: digits, prefix: 5 }],
  ['an unknown option', { schema: digits, prefx: 'a' }],
])('a typed store with %s is refused', async (_, options) => {
  const store = await temporaryStore();
  const make = (): unknown => typed(store, options as TypedOptions<typeof digits>);
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});

test('a batch, a key, a range that make no sense are refused as by the store', async () => {
  const numbers = typed(await temporaryStore(), { prefix: 'n/', schema: digits });
  const refused = [
    [() => numbers.batch('ab' as never), 'BATCH_INVALID'],
    [() => numbers.batch([null] as never), 'BATCH_INVALID'],
    [() => numbers.batch([{ type: 'put', key: 5, value: '1' }] as never), 'INVALID_KEY'],
    [() => numbers.put(5 as never, '1'), 'INVALID_KEY'],
    [() => numbers.get(5 as never), 'INVALID_KEY'],
    [() => numbers.getMany('ab' as never), 'INVALID_KEY'],
    [() => numbers.entries({ prefix: 5 as never }).next(), 'INVALID_OPTION'],
    [() => numbers.count({ prefix: 5 as never }), 'INVALID_OPTION'],
    [() => numbers.put('a', '1', { ttl: 5 } as never), 'INVALID_OPTION'],
  ] as const;
  for (const [call, code] of refused) await expect(call()).rejects.toMatchObject({ code });
});
