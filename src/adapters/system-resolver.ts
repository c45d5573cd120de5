/** The machine's own resolver: its files and search lists for hosts, name servers for services. */

import { lookup, resolveSrv } from 'node:dns/promises';
import type { Resolver } from '../ports/resolver.ts';

export const systemResolver: Resolver = {
  hosts: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  services: async (name) => (await resolveSrv(name)).map(({ name: host, port }) => ({ host, port })),
};
