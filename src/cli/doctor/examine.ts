/** All that `store doctor` looks at. Nothing is changed. */

import { errorMessage } from '../../server/error-message.ts';
import type { NodeStatus } from '../../node/api.ts';
import { withRunningNode } from '../connect.ts';
import { type Finding, NO_NODE, NOT_LOOKED_AT, ok, problem, SUBJECTS } from './finding.ts';
import { diskFinding, folderFinding } from './folder-findings.ts';
import { peersFindings, probePeers } from './peer-findings.ts';
import { filesFinding, filesLimit, versionsFinding } from './process-findings.ts';
import { restingFindings } from './resting-findings.ts';
import { statusFindings } from './status-findings.ts';
import { type TlsFiles, tlsFindings } from './tls-findings.ts';

/** At least one finding for each subject. `peers` and `tls`: as the settings name them; a running node knows its own. */
export async function examine(
  dir: string,
  peers: readonly string[],
  tls: TlsFiles,
): Promise<readonly Finding[]> {
  const [folder, disk] = await Promise.all([folderFinding(dir), diskFinding(dir)]);
  const mayOpen = folder.mark === 'ok' && disk.mark !== 'problem';
  const { findings, pid, status } = await nodeFindings(dir, mayOpen);
  const all = [
    folder,
    disk,
    filesFinding(await filesLimit(pid)),
    versionsFinding(status?.version),
    ...findings,
    ...(status === undefined ? await alone(peers, tls) : statusFindings(status)),
  ];
  return all.toSorted((a, b) => SUBJECTS.indexOf(a.subject) - SUBJECTS.indexOf(b.subject));
}

interface Asked {
  readonly findings: readonly Finding[];
  /** Of a node that answers. */
  readonly pid?: number;
  readonly status?: NodeStatus;
}

async function nodeFindings(dir: string, mayOpen: boolean): Promise<Asked> {
  let asked: { readonly status: NodeStatus; readonly pid: number | undefined } | undefined;
  try {
    asked = await withRunningNode(dir, async (store) => {
      return { status: (await store.status()) as NodeStatus, pid: store.running?.pid };
    });
  } catch (error) {
    const advice = 'look at its log, then start it again';
    return { findings: [problem('node', errorMessage(error), advice), NOT_LOOKED_AT] };
  }
  if (asked === undefined)
    return { findings: mayOpen ? await restingFindings(dir) : [NO_NODE, NOT_LOOKED_AT] };
  const { status, pid } = asked;
  const process = pid === undefined ? '' : ` as process ${pid}`;
  const findings = [ok('node', `${status.nodeId} runs${process}, and answers`)];
  return { findings, status, ...(pid === undefined ? {} : { pid }) };
}

async function alone(peers: readonly string[], tls: TlsFiles): Promise<readonly Finding[]> {
  return [
    ok('clock', 'not compared: peers tell the time to a node that runs'),
    ...(await tlsFindings(tls)),
    ...(peers.length === 0 ? [ok('peers', 'none are named here')] : peersFindings(await probePeers(peers))),
  ];
}
