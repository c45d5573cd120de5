/** Hosts and addresses as they travel between nodes: `host:port`, IPv6 in brackets. Part of the protocol. */

/** The longest name of the DNS (RFC 1035, section 2.3.4); literal addresses are shorter. */
const NAME = /^[A-Za-z0-9._-]{1,253}$/;

/** IPv6, with a zone or without; what is wrong in another way cannot be dialled, and harms nothing. */
const V6 = /^(?=.*:.*:)[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._-]{1,16})?$/;

const ADDRESS = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>[1-9]\d{0,4})$/u;

export const PORT_MAX = 65_535;

/** A name, or a literal address without brackets. */
export function isHost(value: unknown): value is string {
  return typeof value === 'string' && (NAME.test(value) || V6.test(value));
}

/** `host:port`, with a port from 1. */
export function isHostPort(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const { v6, name, port } = ADDRESS.exec(value)?.groups ?? {};
  const isHostOfIt = v6 === undefined ? name !== undefined && NAME.test(name) : V6.test(v6);
  return isHostOfIt && Number(port) <= PORT_MAX;
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A name of the DNS without a port; a number is rather a port without a host. */
export function isPortless(value: string): boolean {
  return NAME.test(value) && /[A-Za-z]/u.test(value);
}

/** Whether only processes of this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/u.test(name);
}

/** Whether who listens there does so on all addresses of its machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/u.test(host);
}

/** Without brackets; of `host:port` as `formatAddress` makes it. */
export function hostOf(address: string): string {
  return address.replace(/:\d+$/u, '').replace(/^\[(?<v6>.*)\]$/u, '$<v6>');
}

/** Where nodes listen unless they are told otherwise. */
export const PORT_DEFAULT = 7531;
