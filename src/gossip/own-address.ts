/**
 * Where peers reach this node: as it was told, else as it is bound. One that is bound to all addresses of its machine does
 * not know which of them others can reach, so they tell it by which host they know it.
 */

import { formatAddress, hostOf, isHost, isLoopback, isWildcard } from '../core/host.ts';

export class OwnAddress {
  /** Empty while it is not known. */
  #host: string;
  #port: number;
  readonly #isTold: boolean;
  #isFromPeer = false;
  readonly #onChange: () => void;

  /** `advertised`: `host:port`. `onChange`: the address is known from now on, or is another one than it was. */
  constructor(advertised: string | undefined, onChange: () => void) {
    this.#isTold = advertised !== undefined;
    this.#host = advertised === undefined ? '' : hostOf(advertised);
    this.#port = advertised === undefined ? 0 : portOf(advertised);
    this.#onChange = onChange;
  }

  /** `host:port`; empty while the host is not known. */
  get text(): string {
    return this.#host === '' ? '' : formatAddress(this.#host, this.#port);
  }

  /** As a hello tells it. */
  get contact(): { readonly host: string; readonly port: number } {
    return { host: this.#host, port: this.#port };
  }

  /** `address`: as it is listened on. */
  bound(address: string): void {
    if (!this.#isTold) {
      const host = hostOf(address);
      this.#port = portOf(address);
      this.#host = isWildcard(host) || !isHost(host) ? '' : host;
    }
    this.#onChange();
  }

  /**
   * A peer knows this node by `host`. The first one holds, since peers in several networks know it by several, but one that
   * is good on this machine only gives way.
   */
  seenAs(host: string): void {
    if (this.#isTold || this.#port === 0 || host === '' || isWildcard(host)) return;
    const isBetter = this.#host === '' || (this.#isFromPeer && isLoopback(this.#host) && !isLoopback(host));
    if (!isBetter) return;
    this.#isFromPeer = true;
    this.#host = host;
    this.#onChange();
  }
}

function portOf(address: string): number {
  return Number(/\d+$/u.exec(address)?.[0] ?? 0);
}
