/** Limits and versions: of the running node where one runs, else of the node that would run here. */

import { readFile } from 'node:fs/promises';
import { PROTOCOL_VERSION } from '../../gossip/protocol-version.ts';
import { PACKAGE_VERSION } from '../../node/package-version.ts';
import { FORMAT_VERSION } from '../../storage/meta-record.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** LevelDB holds 1,000 tables open, and each peer and each command takes a socket. */
const FILES_COMFORTABLE = 2048;
const FILES_MIN = 256;

/** Of `package.json`. */
const NODE_JS_MIN = [20, 19] as const;

/** `limit`: how many files a process may have open; `undefined` where the system does not say. */
export function filesFinding(limit: number | undefined): Finding {
  if (limit === undefined) return ok('files', 'the system does not say how many may be open');
  if (limit === Number.POSITIVE_INFINITY) return ok('files', 'any number may be open at once');
  const message = `${limit} may be open at once`;
  const advice = `raise the limit to ${FILES_COMFORTABLE} or more (\`ulimit -n\`, or LimitNOFILE= of systemd)`;
  if (limit < FILES_MIN) return problem('files', message, advice);
  return limit < FILES_COMFORTABLE ? warning('files', message, advice) : ok('files', message);
}

/** Of the process `pid`, or of this one. */
export async function filesLimit(pid: number | undefined): Promise<number | undefined> {
  const limits = await readFile(`/proc/${pid ?? 'self'}/limits`, 'utf8').catch(() => '');
  const soft = /^Max open files\s+(?<soft>\d+|unlimited)/mu.exec(limits)?.groups?.['soft'];
  if (soft !== undefined) return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  return ownFilesLimit();
}

/** Where there is no `/proc`. */
function ownFilesLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } };
  };
  const soft = userLimits?.open_files?.soft;
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return typeof soft === 'number' ? soft : undefined;
}

/** `running`: what the running node says of itself. */
export function versionsFinding(
  running: string | undefined,
  nodeJs: string = process.versions.node,
): Finding {
  const formats = `disk format ${FORMAT_VERSION}, protocol ${PROTOCOL_VERSION}`;
  const message = `boato ${PACKAGE_VERSION}, Node.js ${nodeJs}, ${formats}`;
  const [major = 0, minor = 0] = nodeJs.split('.').map(Number);
  if (major < NODE_JS_MIN[0] || (major === NODE_JS_MIN[0] && minor < NODE_JS_MIN[1])) {
    return problem('versions', message, `install Node.js ${NODE_JS_MIN.join('.')} or newer`);
  }
  if (running !== undefined && running !== PACKAGE_VERSION) {
    return warning('versions', `${message}, but the node runs boato ${running}`, 'restart the node');
  }
  return ok('versions', message);
}
