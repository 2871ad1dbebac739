/**
 * The end of a message about a name that does not exist: ` Did you mean "threads"?` for the name
 * with the fewest edits, up to a third of its length; empty if there is none.
 *
 * @param prefix what stands before the names in the message
 * @internal
 */
export function didYouMean(given: unknown, names: readonly string[], prefix = ''): string {
  if (typeof given !== 'string') return '';
  const text = given.slice(0, 100).toLowerCase();
  let [best, least] = [undefined as string | undefined, Infinity];
  for (const name of names) {
    const edits = distance(text, name.toLowerCase());
    if (edits < least && edits <= Math.max(1, Math.floor(name.length / 3))) {
      [best, least] = [name, edits];
    }
  }
  return best === undefined ? '' : ` Did you mean "${prefix}${best}"?`;
}

/** How many letters must be added, removed or replaced (Levenshtein, 1965). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
