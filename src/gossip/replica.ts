/** The replica as a port; kept here under the name that the protocol uses. */
export type * from '../ports/replica.ts';
