/**
 * A network of its own for real processes: a namespace for each host, all joined by a bridge in one more. Nothing of it is seen
 * outside, and it is gone with the processes that hold it open.
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { onTestFinished } from 'vitest';

/** Made and filtered as by `PrivateNetwork`, and gone at once. */
const TRIAL = `ip link add bridge type bridge && ip link add one type veth peer name two && nft -f - << END
${tableOf(['ip protocol tcp numgen random mod 100 < 25'])}
END`;

/** Only root may, and not everywhere. */
export const canIsolate: boolean = spawnSync('unshare', ['--net', 'sh', '-c', TRIAL]).status === 0;
export const unisolated: string = canIsolate
  ? ''
  : ' (NOT TESTED HERE: there is no ip, no nft, or no right to make namespaces of the network)';
if (!canIsolate)
  process.stderr.write('SKIPPED: no namespaces of the network can be made here, so no network is cut.\n');

const OWN_NAMESPACE = '/proc/self/ns/net';

export class PrivateNetwork {
  readonly #bridge: ChildProcess;
  readonly #hostByName = new Map<string, { readonly holder: ChildProcess; readonly address: string }>();

  private constructor(bridge: ChildProcess) {
    this.#bridge = bridge;
  }

  /** For the running test. `names`: of hosts. */
  static async open(names: readonly string[]): Promise<PrivateNetwork> {
    const bridge = await newNamespace();
    const network = new PrivateNetwork(bridge);
    run(bridge, 'ip', ['link', 'add', 'bridge', 'type', 'bridge']);
    run(bridge, 'ip', ['link', 'set', 'bridge', 'up']);
    for (const name of names) await network.#addHost(name);
    return network;
  }

  /** Of a host, IPv4. */
  address(name: string): string {
    return this.#host(name).address;
  }

  /** What is put before a command, so that it runs on a host. */
  on(name: string): readonly string[] {
    return enter(this.#host(name).holder);
  }

  /** From now on packets are dropped that match one of `rules` (nftables, of a bridge); those of before hold no more. */
  drop(rules: readonly string[]): void {
    const before = 'table bridge drops\ndelete table bridge drops\n';
    run(this.#bridge, 'nft', ['-f', '-'], `${before}${tableOf(rules)}\n`);
  }

  /** A rule for what `from` sends to `to`. */
  between(from: string, to: string): string {
    return `ip saddr ${this.address(from)} ip daddr ${this.address(to)}`;
  }

  /** How many packets each of the rules has dropped. */
  dropped(): readonly number[] {
    const listed = run(this.#bridge, 'nft', ['list', 'table', 'bridge', 'drops']);
    return [...listed.matchAll(/counter packets (?<packets>\d+)/gu)].map(([, packets]) => Number(packets));
  }

  async #addHost(name: string): Promise<void> {
    const holder = await newNamespace();
    const at = this.#hostByName.size + 1;
    const address = `10.0.0.${at}`;
    const peer = ['peer', 'name', 'network', 'netns', String(holder.pid)];
    run(this.#bridge, 'ip', ['link', 'add', `host-${at}`, 'type', 'veth', ...peer]);
    run(this.#bridge, 'ip', ['link', 'set', `host-${at}`, 'master', 'bridge', 'up']);
    run(holder, 'ip', ['link', 'set', 'lo', 'up']);
    run(holder, 'ip', ['address', 'add', `${address}/24`, 'dev', 'network']);
    run(holder, 'ip', ['link', 'set', 'network', 'up']);
    this.#hostByName.set(name, { holder, address });
  }

  #host(name: string): { readonly holder: ChildProcess; readonly address: string } {
    const host = this.#hostByName.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }
}

/** A process in a namespace of its own, which it holds open until it, or this process, ends. */
async function newNamespace(): Promise<ChildProcess> {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  onTestFinished(async () => {
    holder.stdin.end();
    await ended;
  });
  await Promise.race([once(holder.stdout, 'data'), ended]);
  const isOwn = readlinkSync(`/proc/${holder.pid}/ns/net`) !== readlinkSync(OWN_NAMESPACE);
  if (!isOwn) throw new Error('the network of this machine is no place for tests');
  return holder;
}

function tableOf(rules: readonly string[]): string {
  const lines = rules.map((rule) => `${rule} counter drop`);
  const chain = ['type filter hook forward priority 0', ...lines].join('\n');
  return `table bridge drops {\nchain forward {\n${chain}\n}\n}`;
}

function enter({ pid }: ChildProcess): readonly string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

function run(holder: ChildProcess, command: string, args: readonly string[], input: string = ''): string {
  const [program = '', ...rest] = [...enter(holder), command, ...args];
  return execFileSync(program, rest, { input, encoding: 'utf8' });
}
