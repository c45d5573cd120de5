import { checkFamilies } from './check-families.ts';

checkFamilies(['clocks', 'in a comparison', 'in a resumed session', 'in a bootstrap']);
