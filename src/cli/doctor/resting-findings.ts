/** What a folder tells of a node that does not run: a few records are read, and nothing is written. */

import { stat } from 'node:fs/promises';
import { openForLook } from '../../node/folder.ts';
import { readHolder } from '../../node/holder.ts';
import { errorMessage } from '../../server/error-message.ts';
import { FORMAT_VERSION } from '../../storage/meta-record.ts';
import { type QuickLook, quickLook } from '../../storage/quick-look.ts';
import { isLocked } from '../connect.ts';
import { openingFailure } from '../folder.ts';
import { LOCK_PATIENCE, type Patience, retry } from '../retry.ts';
import { counted } from '../units.ts';
import { type Finding, NO_NODE, NOT_LOOKED_AT, ok, problem, RESTORE, warning } from './finding.ts';

/** Of a folder that holds a store: about the node, and about the data. `patience`: with others that have the folder. */
export async function restingFindings(
  dir: string,
  patience: Patience = LOCK_PATIENCE,
): Promise<readonly Finding[]> {
  // A database leaves files behind wherever it is opened, which its user could not write.
  if (await isOthers(dir)) {
    const message = 'not looked at: the folder belongs to another user';
    return [NO_NODE, warning('data', message, 'run `store doctor` as that user')];
  }
  try {
    const store = await retry(() => openForLook(dir), isLocked, patience);
    try {
      return [NO_NODE, ...dataFindings(await quickLook(store))];
    } finally {
      await store.close();
    }
  } catch (error) {
    return isLocked(error) ? [await holderFinding(dir), NOT_LOOKED_AT] : [NO_NODE, unreadable(dir, error)];
  }
}

async function isOthers(dir: string): Promise<boolean> {
  const { uid } = await stat(dir);
  return process.getuid !== undefined && uid !== process.getuid();
}

async function holderFinding(dir: string): Promise<Finding> {
  const pid = await readHolder(dir);
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return warning('node', `${who} uses the folder, and no node answers`, 'look again when it has ended');
}

function unreadable(dir: string, error: unknown): Finding {
  return problem('data', errorMessage(openingFailure(dir, error)), `if nothing else helps, ${RESTORE}`);
}

export function dataFindings({
  formatVersion,
  state,
  isStateLost,
  isStoppedCleanly,
}: QuickLook): readonly Finding[] {
  if (formatVersion === undefined) {
    return [problem('data', 'the database is there, but what it held is gone', RESTORE)];
  }
  if (formatVersion !== FORMAT_VERSION) {
    const message = `the store has format ${formatVersion}, and this version of Boato reads format ${FORMAT_VERSION}`;
    return [problem('data', message, 'use the version that wrote it')];
  }
  const findings: Finding[] = [];
  if (state?.damaged === true || isStateLost) {
    findings.push(
      problem(
        'data',
        isStateLost ? 'the record of what the store holds is lost' : 'a record was found damaged',
        'look after the disk, then start the node: it asks its peers for what is missing',
      ),
    );
  }
  if (state?.healing === true || state?.bootstrapping === true) {
    const message = state.healing ? 'not healed yet: peers may hold more' : 'the first copy is not complete';
    findings.push(warning('data', message, 'start the node, and let it reach its peers'));
  }
  if (!isStoppedCleanly) {
    const message = 'the last stop was not clean';
    findings.push(warning('data', message, 'start the node: it checks its entries before it serves'));
  }
  if (findings.length > 0) return findings;
  const entries = counted(state?.all.count ?? 0, 'entry', 'entries');
  return [ok('data', `${entries}, no damage known; \`store verify\` checks every record`)];
}
