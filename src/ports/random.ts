/** Chance as an input, so that a run can be replayed from its seed. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Uniform over the integers 0 to 2^32 - 1. */
  uint32(): number;
}
