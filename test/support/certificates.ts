/** Authorities and certificates for tests, in files, with the dates that a test wants. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyPair, makeAuthority, makeNodeCertificate } from '../../src/adapters/certificate-maker.ts';
import type { CertificatePaths } from '../../src/adapters/certificates.ts';

const DAY_MS = 86_400_000;

export interface IssueOptions {
  readonly hosts?: readonly string[];
  /** From now. */
  readonly fromDays?: number;
  readonly days?: number;
  /** Whose certificates the node takes; its own issuer's by default. */
  readonly trusted?: readonly TestAuthority[];
}

export class TestAuthority {
  readonly pair: KeyPair;
  readonly #folder: string;
  #issued = 0;

  private constructor(pair: KeyPair, folder: string) {
    this.pair = pair;
    this.#folder = folder;
  }

  static async make(folder: string, days: number = 3650, fromDays: number = -1): Promise<TestAuthority> {
    const pair = await makeAuthority(validity(days, fromDays));
    return new TestAuthority(pair, join(folder, pair.cert.slice(60, 90).replaceAll(/\W/gu, '')));
  }

  /** The files of a certificate for `node`. */
  async issue(node: string, options: IssueOptions = {}): Promise<CertificatePaths> {
    await mkdir(this.#folder, { recursive: true });
    const path = join(this.#folder, `${node}-${this.#issued++}`);
    const paths = { cert: `${path}.crt`, key: `${path}.key`, ca: `${path}.ca` };
    await this.replace(paths, node, options);
    return paths;
  }

  /** Puts another certificate for `node` into files that are there. */
  async replace(paths: CertificatePaths, node: string, options: IssueOptions = {}): Promise<void> {
    const { hosts = [], days = 365, fromDays = -1, trusted = [this] } = options;
    const { cert, key } = await makeNodeCertificate(this.pair, node, hosts, validity(days, fromDays));
    await writeFile(paths.key, key);
    await writeFile(paths.cert, cert);
    await writeFile(paths.ca, trusted.map(({ pair }) => pair.cert).join(''));
  }
}

/** As options of `openNode`. */
export function tlsOptions({ cert, key, ca }: CertificatePaths): {
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly tlsCa: string;
} {
  return { tlsCert: cert, tlsKey: key, tlsCa: ca };
}

function validity(days: number, fromDays: number): { notBeforeMs: number; notAfterMs: number } {
  const nowMs = Date.now();
  return { notBeforeMs: nowMs + fromDays * DAY_MS, notAfterMs: nowMs + days * DAY_MS };
}
