/** Messages between nodes: whole, in order, over connections that may break at any moment. */

export interface ConnectionEvents {
  /** One whole message; the bytes belong to the receiver. Called in order, never before `accept` or `dial` returned. */
  onMessage(message: Uint8Array): void;
  /**
   * Once, after the last message. `reason` is a sentence for the log, absent when this side closed it. `isMalformed`: the
   * other side sent what is no message.
   */
  onClose(reason: string | undefined, isMalformed?: boolean): void;
}

/**
 * What a connection proved of its other end: the name of the node that it may speak for, or why it may speak for none, in
 * words that both ends understand. Nothing is ever delivered from an end that proved no name.
 */
export type Identity = { readonly name: string } | { readonly problem: string };

export interface Connection {
  /** The other end, for people: `host:port`, IPv6 in brackets. */
  readonly remote: string;
  /** Absent where the transport proves nothing: whoever is there is taken at its word. */
  readonly identity?: Identity;
  /** Bytes received so far, frames included, encryption left out; counts while a long message is still arriving. */
  readonly bytesReceived: number;
  /** Bytes handed to the network so far, counted likewise. */
  readonly bytesSent: number;
  /**
   * Resolves when the message has left this process' buffers or the connection is gone; loss is seen by `onClose` only.
   * Messages above the transport's limit are refused with an error.
   */
  send(message: Uint8Array): Promise<void>;
  /** Starts delivery; called exactly once. Messages that came earlier wait. */
  start(events: ConnectionEvents): void;
  /** Closes at once; harmless when repeated. */
  close(reason?: string): void;
}

export interface Listener {
  /** The bound address, `host:port` (the real port, when port 0 was asked for). */
  readonly address: string;
  close(): Promise<void>;
}

export interface Transport {
  /** Accepts connections at `address` (`host:port`). Rejects when it cannot bind. */
  listen(address: string, onConnection: (connection: Connection) => void): Promise<Listener>;
  /**
   * Connects to `address` (`host:port`). Rejects when it cannot within the transport's time limit; with `PROTOCOL` if
   * somebody is there who speaks otherwise. `name`: of the host that is meant, which its certificate may have to name, where
   * `address` was found by it.
   */
  dial(address: string, name?: string): Promise<Connection>;
  /** Closes every connection and listener. */
  close(): Promise<void>;
}
