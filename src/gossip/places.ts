/** Where the nodes are that an address of a seed stands for. */

import { formatAddress, isHost, PORT_DEFAULT } from '../core/host.ts';
import type { Resolver } from '../ports/resolver.ts';

/** By this, and a name, a service is looked for (RFC 2782). */
const SERVICE = '_boato._tcp.';

/** Nodes behind one name that are dialled; a cluster is found by a few of them. */
const PLACES_MAX = 32;

/** IPv4, or IPv6 in brackets. */
const LITERAL = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/u;

export interface Place {
  /** `host:port`. */
  readonly address: string;
  /** By which the host was found, if by another one than stands in the address. */
  readonly name?: string;
}

/** Whether the address is one of a name, and not literal. */
export function isLookedUp(address: string): boolean {
  return !LITERAL.test(partsOf(address).name);
}

/** `address`: `name:port`, or a name without a port. Fails with a sentence if it is not known. */
export async function placesOf(address: string, resolver: Resolver): Promise<readonly Place[]> {
  const { name, port } = partsOf(address);
  const services = port === undefined ? await servicesOf(name, resolver) : [];
  if (services.length > 0) return services;
  const hosts = ofOneFamily(await resolver.hosts(name).catch(() => []));
  if (hosts.length === 0) throw new Error(`The name ${name} is not known.`);
  // One that has a single address is dialled by its name, as it is written.
  if (hosts.length === 1) return [{ address: formatAddress(name, port ?? PORT_DEFAULT) }];
  return hosts
    .toSorted()
    .slice(0, PLACES_MAX)
    .map((host) => ({ address: formatAddress(host, port ?? PORT_DEFAULT), name }));
}

/** A host may have an address of either family: each node is dialled by that which the machine prefers. */
function ofOneFamily(hosts: readonly string[]): readonly string[] {
  const isV6 = hosts[0]?.includes(':') === true;
  return hosts.filter((host) => host.includes(':') === isV6);
}

async function servicesOf(name: string, resolver: Resolver): Promise<readonly Place[]> {
  const found = await resolver.services(name.startsWith('_') ? name : SERVICE + name).catch(() => []);
  const addresses = found
    .filter(({ host, port }) => isHost(host) && port > 0)
    .map(({ host, port }) => formatAddress(host, port));
  return [...new Set(addresses)]
    .toSorted()
    .slice(0, PLACES_MAX)
    .map((address) => ({ address }));
}

function partsOf(address: string): { readonly name: string; readonly port: number | undefined } {
  const [, name = address, port] = /^(?<name>.*):(?<port>\d+)$/u.exec(address) ?? [];
  return { name, port: port === undefined ? undefined : Number(port) };
}
