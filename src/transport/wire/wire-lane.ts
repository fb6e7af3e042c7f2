// The fast transport: HTTP/1.1 GET and HEAD over TCP or TLS. Its parser takes the strict, common subset and
// refuses the rest as `unsupported-framing`, which the engine then fetches through undici. No HTTP/2, no
// proxies.

import { ConnectSweep } from '../socket/connect-sweep.ts';
import type { Lane, LaneOptions, Slot } from '../lane.ts';
import { LaneError } from '../lane-error.ts';
import { OriginAddresses } from '../socket/origin-addresses.ts';
import { serverNameOf, TlsClient } from '../tls/tls-client.ts';
import { USUAL_TRUST } from '../../model/messages.ts';
import type { ConnectionOwner, WireConnection } from './wire-connection.ts';
import { WireHeads } from './wire-heads.ts';
import { type WireShared, WireSlot } from './wire-slot.ts';
import { WireSocket } from './wire-socket.ts';
import { type TlsOrigin, WireTlsSocket } from './wire-tls-socket.ts';

const READ_BUFFER_BYTES = 65_536;

/** A lane whose slots speak HTTP/1.1 themselves. */
export function openWireLane(options: LaneOptions): Lane {
  return new WireLane(options);
}

class WireLane implements Lane, WireShared {
  readonly options: LaneOptions;
  readonly port: number;
  readonly addresses: OriginAddresses;
  readonly sweep: ConnectSweep;
  readonly readBuffer: Buffer;
  readonly heads = new WireHeads();
  readonly requestTail: string;
  readonly #slots: WireSlot[] = [];
  /** Null for plain http. */
  readonly #tls: TlsOrigin | null;
  /** Sockets that are still open. */
  readonly #sockets = new Set<WireConnection>();
  /** Set when the lane is closed; resolves when the last socket is gone. */
  #gone: PromiseWithResolvers<void> | undefined;
  #toFlush: WireSlot[] = [];

  constructor(options: LaneOptions) {
    const origin = new URL(options.origin);
    this.options = options;
    this.#tls =
      origin.protocol === 'https:'
        ? {
            client: options.tls ?? new TlsClient(USUAL_TRUST),
            origin: origin.origin,
            serverName: serverNameOf(origin.hostname),
            onHandshake: options.onHandshake,
          }
        : null;
    this.readBuffer = options.readBuffer ?? Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    this.port = Number(origin.port || (this.#tls === null ? 80 : 443));
    this.addresses = new OriginAddresses(origin.hostname, options.lookup, this.port);
    this.sweep = new ConnectSweep(options.connectTimeoutMs);
    const fields = options.headers.map(([name, value]) => `${name}: ${value}\r\n`);
    this.requestTail = ` HTTP/1.1\r\nhost: ${origin.host}\r\n${fields.join('')}\r\n`;
  }

  openSlot(): Slot {
    const slot = new WireSlot(this);
    this.#slots.push(slot);
    return slot;
  }

  async close(reset: boolean): Promise<void> {
    const error = new LaneError('aborted', 'the lane was closed before the answer');
    for (const slot of this.#slots) slot.close(reset, error);
    if (this.#sockets.size === 0) return;
    this.#gone ??= Promise.withResolvers();
    await this.#gone.promise;
  }

  makeSocket(owner: ConnectionOwner, isWatched: boolean): WireConnection {
    if (this.#tls === null) return new WireSocket(owner, this.readBuffer);
    return new WireTlsSocket(owner, this.readBuffer, this.#tls, isWatched);
  }

  addSocket(socket: WireConnection): void {
    this.#sockets.add(socket);
  }

  removeSocket(socket: WireConnection): void {
    if (this.#sockets.delete(socket) && this.#sockets.size === 0) this.#gone?.resolve();
  }

  flushLater(slot: WireSlot): void {
    if (this.#toFlush.push(slot) === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const slots = this.#toFlush;
    this.#toFlush = [];
    for (const slot of slots) slot.flush();
  }
}
