#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/cli/main.js', import.meta.url);

function fail(sentence) {
  process.stderr.write(`store: ${sentence}\n`);
  process.exitCode = 3;
}

async function loadMain() {
  const folder = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
  if (!existsSync(built)) {
    fail(`not built yet; run \`npm ci && npm run build\` in ${folder} first.`);
    return undefined;
  }
  try {
    return (await import(built.href)).main;
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const isPackage = error.message.startsWith('Cannot find package');
    const remedy = isPackage ? 'run `npm ci`' : 'run `npm ci && npm run build`';
    fail(`parts of the program are missing; ${remedy} in ${folder} first.`);
    return undefined;
  }
}

const main = await loadMain();
if (main !== undefined) process.exitCode = await main(process.argv);
