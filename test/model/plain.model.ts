import { checkFamilies } from './check-families.ts';

checkFamilies([
  'sessions',
  'absences',
  'disks',
  'everything',
  'failing disks',
  'many runs',
  'many runs, disks',
]);
