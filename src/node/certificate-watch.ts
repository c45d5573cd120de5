/**
 * Keeps a node's certificates up to date: looks at their files at intervals, takes what has changed and is sound, and says
 * when they end. Connections that are open stay as they are.
 */

import { stat } from 'node:fs/promises';
import {
  type CertificatePaths,
  type Certificates,
  type CertificateSource,
  readCertificates,
} from '../adapters/certificates.ts';
import type { NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { expiryWarnings } from './certificate-expiry.ts';
import type { TlsStatus, Warning } from './status-api.ts';

/** Between two looks at the files. */
export const LOOK_MS = 10_000;

export class CertificateWatch implements CertificateSource {
  readonly #paths: CertificatePaths;
  readonly #clock: Clock;
  readonly #log: Log;
  #current: Certificates;
  #readAt: number;
  /** What the files were when they were read last. */
  #seen: string;
  /** Why what the files hold now was not taken. */
  #problem: string | undefined;
  #told = new Set<Warning['code']>();
  #cancelTimer: () => void = () => {};
  #isStopped = false;

  private constructor(
    paths: CertificatePaths,
    read: { readonly certificates: Certificates; readonly seen: string },
    clock: Clock,
    log: Log,
  ) {
    this.#paths = paths;
    this.#clock = clock;
    this.#log = log;
    this.#current = read.certificates;
    this.#seen = read.seen;
    this.#readAt = clock.wallMs();
  }

  /** Fails with `CERTIFICATE_INVALID`. */
  static async open(paths: CertificatePaths, clock: Clock, log: Log): Promise<CertificateWatch> {
    // Looked at first: what changes while it is read is read again.
    const seen = await lookOf(paths);
    return new CertificateWatch(paths, { certificates: await readCertificates(paths), seen }, clock, log);
  }

  get current(): Certificates {
    return this.#current;
  }

  status(): TlsStatus {
    const { notAfterMs: notAfter, authorityNotAfterMs: authorityNotAfter, authorities } = this.#current;
    return { notAfter, authorityNotAfter, authorities, readAt: this.#readAt };
  }

  warnings(): readonly Warning[] {
    const expiry = expiryWarnings(this.#current, this.#clock.wallMs());
    if (this.#problem === undefined) return expiry;
    const message = `What was put in place of the certificates in force cannot be used, so they stay: ${this.#problem}`;
    return [{ code: 'CERTIFICATE_UNUSABLE', message }, ...expiry];
  }

  /** Fails with `CERTIFICATE_INVALID` if they are those of another node. */
  checkName(nodeId: NodeId): void {
    if (this.#current.name === nodeId) return;
    throw ofAnother(this.#paths, this.#current.name, nodeId);
  }

  start(): void {
    this.#tell();
    this.#cancelTimer = this.#clock.after(LOOK_MS, () => void this.#again());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  async #again(): Promise<void> {
    await this.look();
    if (!this.#isStopped) this.start();
  }

  /** Takes the files over if they have changed. Never fails. */
  async look(): Promise<void> {
    try {
      const seen = await lookOf(this.#paths);
      // What could not be used is tried again: its other half may not have been there yet.
      if (seen === this.#seen && this.#problem === undefined) return;
      const certificates = await readCertificates(this.#paths);
      if (certificates.name !== this.#current.name)
        throw ofAnother(this.#paths, certificates.name, this.#current.name);
      this.#current = certificates;
      this.#seen = seen;
      this.#problem = undefined;
      this.#readAt = this.#clock.wallMs();
      const notAfter = new Date(certificates.notAfterMs).toISOString();
      this.#log.info({ notAfter, authorities: certificates.authorities }, 'New certificates are in force.');
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
    }
  }

  /** Each warning is logged when it begins. */
  #tell(): void {
    const warnings = this.warnings();
    for (const { code, message } of warnings) if (!this.#told.has(code)) this.#log.warn({ code }, message);
    this.#told = new Set(warnings.map(({ code }) => code));
  }
}

/** Another one whenever a file was written, or replaced. Symbolic links are followed. */
async function lookOf({ cert, key, ca }: CertificatePaths): Promise<string> {
  const looks = [cert, key, ca].map(async (path) => {
    try {
      const { ino, size, mtimeMs } = await stat(path);
      return `${ino} ${size} ${mtimeMs}`;
    } catch {
      return 'absent';
    }
  });
  return (await Promise.all(looks)).join();
}

function ofAnother({ cert }: CertificatePaths, name: NodeId, nodeId: NodeId): BoatoError {
  return new BoatoError(
    'CERTIFICATE_INVALID',
    `The certificate in ${cert} is that of node ${name}, and this is node ${nodeId}.`,
  );
}
