/** A node's certificate, its key, and the authorities that it trusts: read from files, and checked against each other. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import { NODE_URI, nodeNamedIn } from './node-certificate.ts';

/** Files in PEM. */
export interface CertificatePaths {
  /** The node's, with what lies between it and an authority behind it. */
  readonly cert: string;
  readonly key: string;
  /** One or more authorities: two while one takes the other's place. */
  readonly ca: string;
}

export interface Certificates {
  /** The node that they speak for. */
  readonly name: NodeId;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Of the authority that issued it, and how many are trusted. */
  readonly authorityNotAfterMs: number;
  readonly authorities: number;
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
}

/** Where those in force are; they may be exchanged at any time, and hold for connections that come after it. */
export interface CertificateSource {
  readonly current: Certificates;
}

const PEM = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gsu;

/** Fails with `CERTIFICATE_INVALID` and one sentence. Whether they are expired is not looked at. */
export async function readCertificates(paths: CertificatePaths): Promise<Certificates> {
  // One after the other: which of several is complained of is no matter of chance.
  const cert = await read(paths.cert);
  const key = await read(paths.key);
  const ca = await read(paths.ca);
  const [own, ...between] = parse(cert, paths.cert);
  const authorities = parse(ca, paths.ca);
  if (own === undefined) throw invalid(`The file ${paths.cert} holds no certificate in PEM.`);
  if (authorities.length === 0) throw invalid(`The file ${paths.ca} holds no certificate in PEM.`);
  const name = nodeNamedIn(own);
  if (name === undefined) {
    throw invalid(
      `The certificate in ${paths.cert} names no node: it needs one URI of the form ${NODE_URI}NAME among its alternative names, as \`store certs node\` makes it.`,
    );
  }
  checkKey(own, key, paths);
  const authority = authorityOf(own, between, authorities);
  if (authority === undefined) {
    throw invalid(`The certificate in ${paths.cert} was issued by none of the authorities in ${paths.ca}.`);
  }
  const options: SecureContextOptions = { cert, key, ca, minVersion: 'TLSv1.3' };
  return {
    name,
    notBeforeMs: Date.parse(own.validFrom),
    notAfterMs: Date.parse(own.validTo),
    authorityNotAfterMs: Date.parse(authority.validTo),
    authorities: authorities.length,
    options,
    context: createSecureContext(options),
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw invalid(`The file ${path} cannot be read: ${reason}.`, error);
  }
}

function parse(text: string, path: string): readonly X509Certificate[] {
  return [...text.matchAll(PEM)].map(([pem]) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw invalid(`A certificate in ${path} cannot be read.`, error);
    }
  });
}

function checkKey(own: X509Certificate, key: string, paths: CertificatePaths): void {
  let isItsKey: boolean;
  try {
    isItsKey = own.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw invalid(`The file ${paths.key} holds no private key in PEM, or one with a password.`, error);
  }
  if (!isItsKey) throw invalid(`The key in ${paths.key} is not that of the certificate in ${paths.cert}.`);
}

/** The one at the end of the chain that begins with `own`. */
function authorityOf(
  own: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  let at = own;
  for (let steps = 0; steps <= between.length; steps++) {
    const issuedBy = (other: X509Certificate): boolean => at.checkIssued(other) && at.verify(other.publicKey);
    const authority = authorities.find(issuedBy);
    if (authority !== undefined) return authority;
    const next = between.find(issuedBy);
    if (next === undefined) return undefined;
    at = next;
  }
  return undefined;
}

function invalid(message: string, cause?: unknown): BoatoError {
  return new BoatoError('CERTIFICATE_INVALID', message, { cause });
}
