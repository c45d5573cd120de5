/** `npm run pictures`: draws the pictures of the documents into `docs/pictures/`. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { PICTURES } from './pictures.ts';
import { svg } from './svg.ts';

/** Of the package, from `dist-docs`. */
const FOLDER = new URL('../docs/pictures/', import.meta.url);

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
for (const picture of PICTURES) {
  writeFileSync(new URL(`${picture.name}.svg`, FOLDER), svg(picture));
  console.log(`docs/pictures/${picture.name}.svg`);
}
