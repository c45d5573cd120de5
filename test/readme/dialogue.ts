/**
 * A dialogue with a shell as documents show it: `$ ` and a command, below it what it prints. `…` stands for anything, `&` at
 * the end of a command leaves it running once it has printed its lines, and `kill %N` stops the Nth of these.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import type { ReadersFolder } from './readers-folder.ts';

const run = promisify(execFile);

/** The ports of the documents, which may be taken where the tests run. */
const PORTS = ['7531', '7532', '7533'] as const;

/** Runs each command in turn, and expects of each what the document says. */
export async function holdDialogue(dialogue: string, { folder, env }: ReadersFolder): Promise<void> {
  const jobs: ChildProcess[] = [];
  onTestFinished(() => Promise.all(jobs.map(stop)).then(() => undefined));
  for (const exchange of exchangesOf(await withFreePorts(dialogue))) {
    const { command, expected } = exchange;
    const [, job] = /^kill %(\d+)$/u.exec(command) ?? [];
    if (job !== undefined) {
      await stop(jobs[Number(job) - 1]);
    } else if (command.endsWith(' &')) {
      const child = spawn('/bin/sh', ['-c', `exec ${command.slice(0, -2)}`], { cwd: folder, env });
      jobs.push(child);
      child.stderr.resume();
      expect(await firstLine(child), command).toMatch(patternOf(expected));
    } else {
      const { stdout } = await run('/bin/sh', ['-c', command], { cwd: folder, env });
      expect(stdout, command).toMatch(patternOf(expected));
    }
  }
}

interface Exchange {
  readonly command: string;
  readonly expected: string;
}

export function exchangesOf(dialogue: string): readonly Exchange[] {
  return dialogue
    .split(/^\$ /mu)
    .filter((exchange) => exchange !== '')
    .map((exchange) => {
      const [command = '', ...lines] = exchange.split('\n');
      return { command, expected: lines.join('\n') };
    });
}

function patternOf(expected: string): RegExp {
  const parts = expected.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^]*')}$`, 'u');
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  const ended = once(child, 'close').then(() => undefined);
  while (!text.includes('\n')) {
    const data = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
    if (data === undefined) break;
    text += String(data[0]);
  }
  return text;
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined) throw new Error('there is no such job');
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill();
  await ended;
}

async function withFreePorts(dialogue: string): Promise<string> {
  const servers = PORTS.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const free = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return PORTS.reduce((text, port, at) => text.replaceAll(port, free[at] as string), dialogue);
}
