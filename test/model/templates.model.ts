import { checkFamilies } from './check-families.ts';

checkFamilies(['clocks', 'repairs', 'in a comparison', 'in a resumed session', 'in a bootstrap']);
