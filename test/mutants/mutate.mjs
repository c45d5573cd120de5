/** A plugin that changes files as they are loaded. */

import { resolve } from 'node:path';

/** `edits` as in `mutants.ts`; one that fits no place, or several, is an error. */
export function mutate(edits) {
  return {
    name: 'mutate',
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
