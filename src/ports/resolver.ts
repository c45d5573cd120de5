/** Names of hosts, as the Domain Name System and the machine itself know them. */

export interface Service {
  readonly host: string;
  readonly port: number;
}

export interface Resolver {
  /** Literal addresses of a host, the preferred ones first, IPv6 without brackets. Rejects, or is empty, if there are none. */
  hosts(name: string): Promise<readonly string[]>;
  /** Where a service runs (SRV, RFC 2782), by its whole name, such as `_boato._tcp.example.org`. Rejects likewise. */
  services(name: string): Promise<readonly Service[]>;
}
