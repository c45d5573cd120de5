/** When certificates end: a warning a month before, a stronger one a week before, and one that they have ended. */

import type { Certificates } from '../adapters/certificates.ts';
import type { Warning } from './status-api.ts';

const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;
const VERY_SOON_MS = 7 * DAY_MS;

type Dates = Pick<Certificates, 'name' | 'notBeforeMs' | 'notAfterMs' | 'authorityNotAfterMs'>;

export function expiryWarnings(
  { name, notBeforeMs, notAfterMs, authorityNotAfterMs }: Dates,
  wallMs: number,
): readonly Warning[] {
  const own = `The certificate of node ${name}`;
  if (wallMs < notBeforeMs) {
    const message = `${own} is good from ${isoOf(notBeforeMs)} on only, by this machine's clock: no peer takes it before.`;
    return [{ code: 'CERTIFICATE_EXPIRED', message }];
  }
  const authority = 'The authority that issued the certificate of this node';
  return [
    ...warningOf(own, notAfterMs, wallMs, 'put a new one in its place (`store certs node`)'),
    ...warningOf(authority, authorityNotAfterMs, wallMs, 'let another one take its place'),
  ];
}

function warningOf(what: string, notAfterMs: number, wallMs: number, advice: string): readonly Warning[] {
  const leftMs = notAfterMs - wallMs;
  if (leftMs > SOON_MS) return [];
  const when = isoOf(notAfterMs);
  if (leftMs <= 0) {
    const message = `${what} expired on ${when}: no peer takes it any more, and connections that end do not come back; ${advice}.`;
    return [{ code: 'CERTIFICATE_EXPIRED', message }];
  }
  const days = Math.ceil(leftMs / DAY_MS);
  const left = `${days} ${days === 1 ? 'day' : 'days'}`;
  if (leftMs > VERY_SOON_MS)
    return [{ code: 'CERTIFICATE_EXPIRES', message: `${what} expires in ${left}, on ${when}: ${advice}.` }];
  const message = `${what} expires in ${left} only, on ${when}, and then this node loses its peers: ${advice} now.`;
  return [{ code: 'CERTIFICATE_EXPIRES_SOON', message }];
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
