/** What theory expects of epidemics, on average. */

/**
 * How many of `nodes` know a rumour after one more cycle, if `informed` know it now and each tells `fanout` others, of which
 * a share `loss` does not hear: whoever does not know is missed by each with the same probability (Pittel 1987; in small
 * steps it is the logistic curve).
 */
export function expectedInformed(
  informed: number,
  { nodes, fanout, loss }: { readonly nodes: number; readonly fanout: number; readonly loss: number },
): number {
  const missed = 1 - (Math.min(fanout, nodes - 1) * (1 - loss)) / (nodes - 1);
  return nodes - (nodes - informed) * missed ** informed;
}

/** The share that push leaves out after `traffic` copies a node, whatever the rule (Demers et al. 1987, section 1.4). */
export function pushResidue(traffic: number): number {
  return Math.exp(-traffic);
}

/** Cycles that push with one peer needs for the last of `nodes` to hear: log2 N + ln N + O(1) (Pittel 1987, theorem 1). */
export function pittel(nodes: number): number {
  return Math.log2(nodes) + Math.log(nodes);
}
