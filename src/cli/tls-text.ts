/** Certificates, for people. */

import type { TlsStatus } from '../node/api.ts';

export function tlsText({
  notAfter,
  authorityNotAfter,
  authorities,
}: Pick<TlsStatus, 'notAfter' | 'authorityNotAfter' | 'authorities'>): string {
  const trusted = authorities === 1 ? '' : `; ${authorities} authorities are trusted`;
  return `certificate good until ${isoOf(notAfter)}, its authority until ${isoOf(authorityNotAfter)}${trusted}`;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
