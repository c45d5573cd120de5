import { checkFamilies } from './check-families.ts';

checkFamilies([
  'sessions',
  'absences',
  'disks',
  'everything',
  'failing disks',
  'gone for ever',
  'many runs',
  'many runs, disks',
]);
