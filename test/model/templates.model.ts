import { checkFamilies } from './check-families.ts';

checkFamilies([
  'clocks',
  'repairs',
  'in a comparison',
  'in a resumed session',
  'in a bootstrap',
  'gone for ever, in a comparison',
  'gone for ever, in a resumed session',
  'gone for ever, in a bootstrap',
]);
