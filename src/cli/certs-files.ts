/** The files of `store certs`: a certificate and its key, side by side; keys are their user's alone. */

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair, Validity } from '../adapters/certificate-maker.ts';
import { AUTHORITY } from './certs-options.ts';
import { failure, systemReason, usageError } from './cli-error.ts';

export interface PairPaths {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends KeyPair {
  /** Of its certificate. */
  readonly path: string;
  readonly notAfterMs: number;
}

const DAY_MS = 86_400_000;

/** Clocks of nodes may be behind this one. */
const BEFORE_MS = 3_600_000;

export function pairPaths(folder: string, name: string): PairPaths {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

/** From an hour ago, for so many days, and no longer than the authority. */
export function validityOf(days: number, authorityNotAfterMs: number = Number.POSITIVE_INFINITY): Validity {
  const nowMs = Date.now();
  return {
    notBeforeMs: nowMs - BEFORE_MS,
    notAfterMs: Math.min(nowMs + days * DAY_MS, authorityNotAfterMs),
  };
}

export async function readAuthority(folder: string): Promise<Authority> {
  const { cert: path, key: keyPath } = pairPaths(folder, AUTHORITY);
  const [cert, key] = await Promise.all([readOf(path), readOf(keyPath)]);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('they do not belong together');
  } catch (error) {
    throw failure(`The authority in ${path} and ${keyPath} cannot be used: ${systemReason(error)}.`, error);
  }
  const notAfterMs = Date.parse(certificate.validTo);
  if (notAfterMs <= Date.now())
    throw failure(
      `The authority in ${path} expired on ${new Date(notAfterMs).toISOString()}: make another one.`,
    );
  return { path, cert, key, notAfterMs };
}

/** Makes both files, or neither is touched. `force`: in the place of those that are there. */
export async function writePair(
  { cert, key }: PairPaths,
  force: boolean,
  make: () => Promise<KeyPair>,
): Promise<void> {
  if (!force) await Promise.all([checkAbsent(cert), checkAbsent(key)]);
  const made = await make();
  try {
    await mkdir(join(cert, '..'), { recursive: true, mode: 0o700 });
    // Renamed last: a node that looks meanwhile sees whole files only.
    const moves = [await writeBeside(key, made.key, 0o600), await writeBeside(cert, made.cert, 0o644)];
    for (const move of moves) await move();
  } catch (error) {
    throw failure(`The files ${cert} and ${key} cannot be written: ${systemReason(error)}.`, error);
  }
}

async function checkAbsent(path: string): Promise<void> {
  try {
    await access(path);
  } catch {
    return;
  }
  throw usageError(`${path} is there already: --force puts another one in its place.`);
}

/** Answers what moves it to its place. */
async function writeBeside(path: string, text: string, mode: number): Promise<() => Promise<void>> {
  const beside = `${path}.${randomBytes(4).toString('hex')}`;
  const file = await open(beside, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return () => rename(beside, path);
}

async function readOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = systemReason(error);
    throw failure(
      `The authority's file ${path} cannot be read: ${reason}. \`store certs init\` makes one.`,
      error,
    );
  }
}
