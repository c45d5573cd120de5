import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { describeClock } from '../contract/clock.contract.ts';

describeClock('the clock of the system', () => ({
  clock: systemClock,
  pass: async (until) => {
    await until;
  },
}));

describeClock('a simulated clock', () => {
  const clock = new SimulatedClock();
  return {
    clock,
    pass: async (until) => {
      const state = { isOver: false };
      const over = until.then(() => {
        state.isOver = true;
      });
      while (!state.isOver) await clock.advance(1);
      await over;
    },
  };
});
