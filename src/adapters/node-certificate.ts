/** Which node a certificate speaks for: the one in its only URI of the form `boato:node:NAME` (subject alternative name). */

import type { X509Certificate } from 'node:crypto';
import { isNodeId, type NodeId } from '../core/actor.ts';

export const NODE_URI = 'boato:node:';

/** `undefined` if it names none, several, or what is no name. */
export function nodeNamedIn({ subjectAltName }: X509Certificate): NodeId | undefined {
  const names = alternatives(subjectAltName)
    .filter((name) => name.startsWith(`URI:${NODE_URI}`))
    .map((name) => name.slice(`URI:${NODE_URI}`.length));
  const [name] = names;
  return names.length === 1 && isNodeId(name) ? name : undefined;
}

/** Whether it may be shown at `host`: one that names hosts must name this one, too. */
export function isGoodAt(certificate: X509Certificate, host: string): boolean {
  const namesHosts = alternatives(certificate.subjectAltName).some((name) =>
    /^(?:DNS|IP Address):/u.test(name),
  );
  if (!namesHosts) return true;
  return (certificate.checkIP(host) ?? certificate.checkHost(host, { subject: 'never' })) !== undefined;
}

/** Node.js puts what holds a comma in quotes, and writes the comma as an escape. */
function alternatives(subjectAltName: string | undefined): readonly string[] {
  return subjectAltName === undefined ? [] : subjectAltName.split(', ');
}
