/**
 * Feature flags for many processes: each holds all flags on its own disk, reads them in microseconds, and goes on when the
 * network does not. An admin changes a flag on any node; a rollout to a share of the users is a number in its value.
 */

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConditionError, type Node, openNode, typed, type TypedStore } from 'boato';
import * as v from 'valibot';

const Flag = v.object({
  on: v.boolean(),
  /** Percent of the users for whom it is on. */
  rollout: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 100),
});
type FlagStore = TypedStore<v.InferInput<typeof Flag>, v.InferOutput<typeof Flag>>;

function flagsOf(node: Node): FlagStore {
  return typed(node, { prefix: 'flag/', schema: Flag });
}

/** The same user gets the same answer on every node. */
async function isOn(flags: FlagStore, name: string, user: string): Promise<boolean> {
  const flag = await flags.get(name);
  if (flag?.on !== true) return false;
  const [byte = 0] = createHash('sha256').update(`${name}/${user}`).digest();
  return (byte / 256) * 100 < flag.rollout;
}

/** Changes a flag that was read, and says so if somebody else has changed it here meanwhile. */
async function widen(flags: FlagStore, name: string, rollout: number): Promise<string> {
  const seen = await flags.getEntry(name);
  if (seen === undefined) throw new Error(`there is no flag ${name}`);
  const { token } = await flags.put(name, { ...seen.value, rollout }, { ifVersion: seen });
  return token;
}

const dir = await mkdtemp(join(tmpdir(), 'feature-flags-'));
const admin = await openNode({ dir: join(dir, 'admin'), nodeId: 'admin' });
const web = await openNode({ dir: join(dir, 'web'), nodeId: 'web', peers: [admin.address] });
try {
  const [adminFlags, webFlags] = [flagsOf(admin), flagsOf(web)];
  const users = Array.from({ length: 1000 }, (_, at) => `user-${at}`);

  await adminFlags.put('new-search', { on: true, rollout: 10 });
  const token = await widen(adminFlags, 'new-search', 50);

  // The web server waits until it has seen that write, and no longer.
  await webFlags.get('new-search', { after: token, timeoutMs: 5000 });
  const answers = await Promise.all(users.map((user) => isOn(webFlags, 'new-search', user)));
  const share = answers.filter(Boolean).length / users.length;
  console.log(`new-search is on for about half of the users: ${share > 0.4 && share < 0.6}`);
  console.log(`a flag that nobody made is off: ${!(await isOn(webFlags, 'new-cart', 'user-1'))}`);

  // Two admins made the same flag at the same time: one of them is told.
  const made = ['blue', 'green'].map((_, at) =>
    adminFlags.put('color', { on: at === 0 }, { ifAbsent: true }),
  );
  for (const outcome of await Promise.allSettled(made)) {
    if (outcome.status === 'fulfilled') console.log('made the flag color');
    else if (outcome.reason instanceof ConditionError) console.log(`${outcome.reason.key} is there already`);
  }

  await webFlags
    .put('new-search', { on: true, rollout: 150 })
    .catch((error: Error) => console.log(error.message));
} finally {
  await Promise.all([admin.close(), web.close()]);
  await rm(dir, { recursive: true });
}
