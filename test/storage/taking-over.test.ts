import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { assert } from '../../src/core/assert.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { openTestReplica, put } from '../support/replica-fixture.ts';

describe('a replica that takes the place of another one in the same process', () => {
  test('has another epoch, so that nothing which was opened on the old one goes on', async () => {
    const disk = new MemoryDisk();
    const first = await openTestReplica({ disk });
    await first.write([put('k', '1')]);
    await first.close();
    const second = await openTestReplica({ disk }, first);
    expect(second.epoch).toBe(first.epoch + 1);
    await second.giveUp('a test wants it');
    await second.close();
    const third = await openTestReplica({ disk }, second);
    expect(third.epoch).toBe(second.epoch + 1);
    expect((await third.pullerState([])).epoch).toBe(third.epoch);
    await third.close();
  });

  test('knows the actors of the old one as those of its process, and begins another', async () => {
    const disk = new MemoryDisk();
    const first = await openTestReplica({ disk });
    await first.write([put('k', '1')]);
    const before = first.runActor;
    assert(before !== undefined, 'it has written');
    await first.close();
    const second = await openTestReplica({ disk }, first);
    expect(second.runActor).toBeUndefined();
    expect(second.hasWrittenAs(before)).toBe(true);
    await second.write([put('l', '1')]);
    expect(second.runActor).not.toBe(before);
    expect(second.row(second.runActor ?? before)?.predecessor?.actor).toBe(before);
    await second.close();
    const fresh = await openTestReplica({ disk });
    expect(fresh.hasWrittenAs(before)).toBe(false);
    await fresh.close();
  });

  test('is no start after an unclean stop, of which only a start tells the log', async () => {
    const disk = new MemoryDisk();
    const log = new RecordingLog();
    const first = await openTestReplica({ disk, log });
    const unclean = await disk.copy();
    await first.close();
    await openTestReplica({ disk, log });
    const second = await openTestReplica({ disk: await unclean.copy(), log }, first);
    expect(second.wasClean).toBe(false);
    expect(log.lines).toEqual([]);
    await openTestReplica({ disk: unclean, log });
    expect(log.lines).toEqual([expect.stringMatching(/^info The last stop was not clean/u)]);
  });
});
