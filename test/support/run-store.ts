/** Runs `bin/store.js` as users do: real processes, awaited by what they print and by their end. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const STORE = fileURLToPath(new URL('../../bin/store.js', import.meta.url));

export interface RunOptions {
  /** What standard input holds; empty by default. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is put before `node`, such as a command that enters a namespace. It must become the process, not begin another. */
  readonly command?: readonly string[];
}

export interface RunResult {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

/** Runs `store` with `args` to its end. */
export async function runStore(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = spawnStore(args, options);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  // A command that ends without reading its input is no failure of the test.
  child.stdin?.on('error', () => undefined).end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout.text(), stderr: stderr.text(), stdoutBytes: stdout.bytes() };
}

export interface ServeProcess {
  readonly nodeId: string;
  /** Where peers reach it: `host:port`. */
  readonly address: string;
  readonly socket: string;
  readonly pid: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  stderr(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts `store serve`, on any free port unless `args` say otherwise, and resolves when it is ready. */
export async function startServe(args: readonly string[], options: RunOptions = {}): Promise<ServeProcess> {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const child = spawnStore(['serve', '--json', ...port, ...args], options);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  child.stdin?.end();
  const exited = once(child, 'close').then(([code, signal]) => {
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);

  const ready = new Promise<string>((resolve) => {
    child.stdout?.on('data', () => {
      const [line] = stdout.text().split('\n').slice(0, -1);
      if (line !== undefined) resolve(line);
    });
  });
  const line = await Promise.race([ready, exited.then(() => undefined)]);
  if (line === undefined) throw new Error(`store serve ended before it was ready: ${stderr.text()}`);
  const { nodeId, address, socket, pid } = JSON.parse(line) as Pick<
    ServeProcess,
    'nodeId' | 'address' | 'socket' | 'pid'
  >;
  return {
    nodeId,
    address,
    socket,
    pid,
    exited,
    stderr: () => stderr.text(),
    kill,
    async stop() {
      child.kill('SIGTERM');
      return (await exited).code;
    },
  };
}

/** The raw process, for tests of signals and broken pipes. */
export function spawnStore(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const outer = Object.entries(process.env).filter(([name]) => !name.startsWith('STORE_'));
  const [program = '', ...allArgs] = [...(options.command ?? []), process.execPath, STORE, ...args];
  const child = spawn(program, allArgs, {
    stdio: 'pipe',
    env: { ...Object.fromEntries(outer), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return child;
}

interface Collected {
  text(): string;
  bytes(): Buffer;
}

function collect(stream: NodeJS.ReadableStream | null): Collected {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { text: () => Buffer.concat(chunks).toString('utf8'), bytes: () => Buffer.concat(chunks) };
}
