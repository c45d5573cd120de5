/** What a TLS connection proved of its other end. */

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '../ports/transport.ts';
import { isGoodAt, nodeNamedIn } from './node-certificate.ts';

/** `host`: where it was dialled; absent for one that dialled. The system's clock judges dates, as OpenSSL does it. */
export function identityOf(socket: TLSSocket, host?: string): Identity {
  // Its certificate was checked then, not now. (Nobody is offered a session to resume; but nobody can make us do so either.)
  if (socket.isSessionReused()) return { problem: 'an earlier session was resumed' };
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { problem: 'no certificate was shown' };
  const name = nodeNamedIn(certificate);
  const whose = name === undefined ? 'the certificate' : `the certificate of node ${name}`;
  if (!socket.authorized) return { problem: `${whose} ${whyNot(socket.authorizationError, certificate)}` };
  if (name === undefined) return { problem: 'the certificate names no node' };
  if (host !== undefined && !isGoodAt(certificate, host))
    return { problem: `${whose} is for other hosts than ${host}` };
  return { name };
}

function whyNot(error: unknown, { validFrom, validTo }: X509Certificate): string {
  const code = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `expired on ${isoOf(validTo)}, or an authority did`;
    case 'CERT_NOT_YET_VALID':
      return `is good from ${isoOf(validFrom)} on only, or an authority is: compare the clocks`;
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'CERT_SIGNATURE_FAILURE':
      return 'was issued by an authority that is not trusted';
    default:
      return `is not accepted (${code})`;
  }
}

function isoOf(date: string): string {
  return new Date(date).toISOString();
}
