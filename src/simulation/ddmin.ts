/** Delta debugging: the items of a list that a failure needs (Zeller and Hildebrandt 2002, figure 3). */

/**
 * A part of `items`, in their order, under which `fails` still holds, and from which no single item can be left out: or
 * what was reached when `isOver`. `fails(items)` must hold.
 */
export async function ddmin<T>(
  items: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
  isOver: () => boolean,
): Promise<readonly T[]> {
  let failing = items;
  let parts = 2;
  while (failing.length > 0 && !isOver()) {
    const smaller = await reduced(failing, parts, fails, isOver);
    if (smaller !== undefined) {
      failing = smaller.items;
      parts = Math.max(2, Math.min(smaller.parts, failing.length));
    } else if (parts < failing.length) parts = Math.min(parts * 2, failing.length);
    else break;
  }
  return failing;
}

/** One part alone, or all but one. */
async function reduced<T>(
  items: readonly T[],
  parts: number,
  fails: (part: readonly T[]) => Promise<boolean>,
  isOver: () => boolean,
): Promise<{ readonly items: readonly T[]; readonly parts: number } | undefined> {
  const edges = Array.from({ length: parts + 1 }, (_, at) => Math.round((at * items.length) / parts));
  const ranges = edges.slice(1).map((to, at) => [edges[at] as number, to] as const);
  if (items.length === 1) ranges.splice(1);
  for (const [from, to] of ranges) {
    if (isOver()) return undefined;
    const part = items.slice(from, to);
    if (part.length < items.length && (await fails(part))) return { items: part, parts: 2 };
  }
  // Of two halves each is all but the other.
  if (parts === 2 && items.length > 1) return undefined;
  for (const [from, to] of ranges) {
    if (isOver()) return undefined;
    const rest = [...items.slice(0, from), ...items.slice(to)];
    if (await fails(rest)) return { items: rest, parts: parts - 1 };
  }
  return undefined;
}
