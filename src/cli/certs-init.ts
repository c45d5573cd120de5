/** `store certs init`: makes the authority of a cluster. */

import { Command } from 'commander';
import { AUTHORITY, certsOptions, type CertsOptions } from './certs-options.ts';
import { examplesText, type Run } from './base-command.ts';

const DAYS = 3650;

export function certsInitCommand(run: Run): Command {
  const command = new Command('init').description(
    'make the authority of a cluster, which issues the certificates of its nodes',
  );
  return certsOptions(command, DAYS)
    .addHelpText('after', examplesText(['store certs init', 'store certs init --out certs-2 --days 1825']))
    .action(async ({ out, days, force, json }: CertsOptions) => {
      const { makeAuthority } = await import('../adapters/certificate-maker.ts');
      const { pairPaths, validityOf, writePair } = await import('./certs-files.ts');
      const paths = pairPaths(out, AUTHORITY);
      const validity = validityOf(days);
      await writePair(paths, force === true, () => makeAuthority(validity));
      const until = new Date(validity.notAfterMs).toISOString();
      if (json === true) return run.out.json({ ...paths, notAfter: validity.notAfterMs });
      return run.out.line(
        `made the authority ${paths.cert}, good until ${until}; whoever has ${paths.key} can make nodes: keep it away from them`,
      );
    });
}
