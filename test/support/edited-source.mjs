/** Loads modules for the commands beside the tests, and lets vitest run edited source. */

import { resolve } from 'node:path';
import { createServer } from 'vite';

/** The exports of a TypeScript module; `file` from the root of the project. */
export async function loadModule(file) {
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false },
  });
  try {
    return await server.ssrLoadModule(`/${file}`);
  } finally {
    await server.close();
  }
}

/** A plugin that makes `edits` (`source-edit.ts`) as files are loaded; one that fits no place, or several, is an error. */
export function editSource(edits) {
  return {
    name: 'edit-source',
    enforce: 'pre',
    transform(code, id) {
      let changed = code;
      for (const { file, find, replace } of edits) {
        if (resolve(file) !== id.split('?')[0]) continue;
        const places = changed.split(find).length - 1;
        if (places !== 1) throw new Error(`the edit of ${file} fits ${places} places: ${find}`);
        changed = changed.replace(find, () => replace);
      }
      return changed === code ? undefined : { code: changed, map: null };
    },
  };
}
