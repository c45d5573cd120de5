/** `store certs node`: makes the certificate of a node. */

import { Command } from 'commander';
import { AUTHORITY, certsOptions, type CertsOptions } from './certs-options.ts';
import { examplesText, type Run } from './base-command.ts';
import { badValue, hostOption, nameOption } from './option-values.ts';

interface Options extends CertsOptions {
  readonly host: readonly string[];
}

const DAYS = 365;

/** Their files are in one folder. */
function nodeName(text: string): string {
  if (text === AUTHORITY) throw badValue('The name', text, 'any name but that of the authority');
  return nameOption('The name')(text);
}

export function certsNodeCommand(run: Run): Command {
  const command = new Command('node').description('make the certificate and the key of a node');
  const oneMore = (text: string, before: readonly string[]): readonly string[] => [
    ...before,
    hostOption('--host')(text),
  ];
  return certsOptions(command, DAYS)
    .argument('<name>', 'of the node, as its --name', nodeName)
    .option('--host <host>', 'where peers dial it; repeatable (default: anywhere)', oneMore, [])
    .addHelpText(
      'after',
      examplesText([
        'store certs node lisboa',
        'store certs node porto --host 10.0.0.2 --host porto.example',
      ]),
    )
    .action(async (name: string, { out, days, force, json, host: hosts }: Options) => {
      const { makeNodeCertificate } = await import('../adapters/certificate-maker.ts');
      const { pairPaths, readAuthority, validityOf, writePair } = await import('./certs-files.ts');
      const paths = pairPaths(out, name);
      const authority = await readAuthority(out);
      const validity = validityOf(days, authority.notAfterMs);
      await writePair(paths, force === true, () => makeNodeCertificate(authority, name, hosts, validity));
      const until = new Date(validity.notAfterMs).toISOString();
      if (json === true) return run.out.json({ ...paths, ca: authority.path, notAfter: validity.notAfterMs });
      return run.out.line(
        `made ${paths.cert} and ${paths.key}, good until ${until}: start the node with --name ${name} --tls-cert ${paths.cert} --tls-key ${paths.key} --tls-ca ${authority.path}`,
      );
    });
}
