import { checkFamilies } from './check-families.ts';

checkFamilies([
  'sessions',
  'absences',
  'disks',
  'everything',
  'failing disks',
  'gone for ever',
  'gone for ever, clocks',
  'gone for ever, disks',
  'many runs',
  'many runs, disks',
]);
