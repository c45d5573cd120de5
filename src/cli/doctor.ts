/** `store doctor`: whether a node can live here, and lives well. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { EXIT_DONE, EXIT_FAILURE } from './cli-error.ts';
import { doctorText } from './doctor/doctor-text.ts';
import type { TlsFiles } from './doctor/tls-findings.ts';
import { lookOf } from './look.ts';
import type { Settings } from './settings/table.ts';
import { showingTime } from './waiting.ts';

export function doctorCommand(run: Run): Command {
  return baseCommand(
    'doctor',
    'look at folder, disk, limits, versions, clock, certificates, peers and damage; exit code 3 if there is a problem',
    ['store doctor', 'store doctor --config /etc/boato.toml', 'store doctor --peer 10.0.0.2:7531 --json'],
    ['data', 'peers', 'tlsCert', 'tlsKey', 'tlsCa'],
  ).action(async ({ data, peers, json, ...tls }: BaseOptions & Pick<Settings, 'peers'> & TlsFiles) => {
    const { examine } = await import('./doctor/examine.ts');
    const findings = await showingTime('looking', examine(data, peers, tls));
    const isWell = findings.every(({ mark }) => mark !== 'problem');
    run.exitCode = isWell ? EXIT_DONE : EXIT_FAILURE;
    if (json === true) return run.out.json({ healthy: isWell, findings });
    await run.out.add(doctorText(findings, lookOf(process.stdout)));
    await run.out.flush();
  });
}
