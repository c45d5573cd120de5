/** Certificates: those of the running node, else those that the settings name. */

import { stat } from 'node:fs/promises';
import { parseAddress } from '../../adapters/address.ts';
import { isLoopback } from '../../core/host.ts';
import { readCertificates } from '../../adapters/certificates.ts';
import type { NodeStatus } from '../../node/api.ts';
import { expiryWarnings } from '../../node/certificate-expiry.ts';
import { errorMessage } from '../../server/error-message.ts';
import type { Settings } from '../settings/table.ts';
import { tlsText } from '../tls-text.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import { WARNINGS } from './warnings.ts';

export type TlsFiles = Pick<Settings, 'tlsCert' | 'tlsKey' | 'tlsCa'>;

const ALL_OR_NONE = 'give --tls-cert, --tls-key and --tls-ca together, or none of them';

/** Of a running node that warns of nothing about them. */
export function runningTlsFinding({ tls, address }: Pick<NodeStatus, 'tls' | 'address'>): Finding {
  if (tls !== undefined) return ok('tls', tlsText(tls));
  const isOpen = !isLoopback(parseAddress(address).host);
  if (!isOpen) return ok('tls', 'none: peers of this machine only');
  const message = `none, though it listens on ${address}: whoever reaches it can read and write everything`;
  return warning('tls', message, 'give all nodes certificates (`store certs`)');
}

/** Where no node runs. */
export async function tlsFindings({ tlsCert, tlsKey, tlsCa }: TlsFiles): Promise<readonly Finding[]> {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined)
    return [ok('tls', 'no certificates are named here')];
  if (tlsCert === undefined || tlsKey === undefined || tlsCa === undefined)
    return [problem('tls', 'not all of the three files are named', ALL_OR_NONE)];
  try {
    const found = await readCertificates({ cert: tlsCert, key: tlsKey, ca: tlsCa });
    const { notAfterMs: notAfter, authorityNotAfterMs: authorityNotAfter, authorities } = found;
    const told = expiryWarnings(found, Date.now()).map(({ code, message }): Finding => ({
      mark: WARNINGS[code][1],
      subject: 'tls',
      message,
    }));
    const good = ok('tls', `node ${found.name}, ${tlsText({ notAfter, authorityNotAfter, authorities })}`);
    return [...(told.length === 0 ? [good] : told), ...(await keyFindings(tlsKey))];
  } catch (error) {
    return [problem('tls', errorMessage(error), 'make new ones with `store certs`')];
  }
}

async function keyFindings(path: string): Promise<readonly Finding[]> {
  const { mode } = await stat(path);
  if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
  return [warning('tls', `the key ${path} is not its user's alone`, `chmod 600 ${path}`)];
}
