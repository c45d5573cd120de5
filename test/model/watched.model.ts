import { checkFamilies } from './check-families.ts';
import { WATCHED_FAMILIES } from './families.ts';

checkFamilies(Object.keys(WATCHED_FAMILIES));
