/** Addresses of the form `host:port`, IPv6 in brackets. */

import { isIPv6 } from 'node:net';
import { BoatoError } from '../core/errors.ts';
import { PORT_MAX } from '../core/host.ts';

export { formatAddress } from '../core/host.ts';

export interface Address {
  /** Without brackets. */
  readonly host: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** Fails with `INVALID_OPTION`. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]\s/]+)):(?<port>0|[1-9]\d{0,4})$/u.exec(text);
  const { v6, host, port } = match?.groups ?? {};
  const isValid =
    port !== undefined && Number(port) <= PORT_MAX && (v6 === undefined || isIPv6(v6.split('%')[0] ?? ''));
  const name = v6 ?? host;
  if (!isValid || name === undefined) {
    throw new BoatoError(
      'INVALID_OPTION',
      `The address ${JSON.stringify(text)} must have the form host:port, with a port from 0 to 65535 (no leading zeros) and IPv6 in brackets.`,
    );
  }
  return { host: name, port: Number(port) };
}
