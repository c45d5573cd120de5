/** The files of `store certs`: a certificate and its key, side by side; keys are their user's alone. */

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  // One after the other, here and below: which of two is complained of is no matter of chance.
  const cert = await readOf(path);
  const key = await readOf(keyPath);
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

/** Both files are written whole before one is put in its place. `force`: also in the place of those that are there. */
export async function writePair(
  { cert, key }: PairPaths,
  force: boolean,
  make: () => Promise<KeyPair>,
): Promise<void> {
  if (!force) for (const path of [cert, key]) await checkAbsent(path);
  const made = await make();
  const suffix = randomBytes(4).toString('hex');
  const beside = { cert: `${cert}.${suffix}`, key: `${key}.${suffix}` };
  try {
    await mkdir(dirname(cert), { recursive: true, mode: 0o700 });
    await writeNew(beside.key, made.key, 0o600);
    await writeNew(beside.cert, made.cert, 0o644);
    // Renamed last: a node that looks meanwhile sees whole files only.
    await rename(beside.key, key);
    await rename(beside.cert, cert);
  } catch (error) {
    for (const path of Object.values(beside)) await rm(path, { force: true });
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

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
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
