/** What somebody may have meant who misspelt a name. */

/** One of `names` that is at most `distanceMax` edits of one letter away; half of `word` by default. */
export async function nearest(
  word: string,
  names: readonly string[],
  distanceMax: number = Math.ceil(word.length / 2),
): Promise<string | undefined> {
  const { closestMatch } = await import('leven');
  return closestMatch(word, names, { maxDistance: distanceMax });
}
