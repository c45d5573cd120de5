/**
 * Lists that V8 makes among the young objects, wherever they are made.
 *
 * A literal, `[...]` or `{...}`, is made among the old ones at places whose objects outlived young collections once
 * (allocation-site pretenuring), as those of writes do that wait for the disk. What is old keeps alive whatever it refers to
 * until all of the heap is collected: the garbage of writes then costs a fifth of the processor, and stops the event loop. So
 * what is made once for each write or commit is an instance of a class, or a list from here.
 */

export function youngList<T>(...items: T[]): T[] {
  return items;
}
