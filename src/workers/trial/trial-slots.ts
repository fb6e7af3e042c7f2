// The connection slots of one worker's share of a run: which lane each is opened on, how many connections are
// being made, which slots are given up or replaced. It knows nothing of trials; TrialRun decides when it
// needs a slot.

import type { TrialTask } from '../../model/messages.ts';
import { splitCount } from '../../model/split.ts';
import type { Lane } from '../../transport/lane.ts';
import { type SlotState, TrialExchange, type TrialExchangeOwner } from './trial-exchange.ts';
import { waitAtMost } from '../wait-at-most.ts';

/** Closing 20,000 connections takes half a second. A socket that is still open after this ends with the thread. */
const MAX_CLOSE_MS = 10_000;

export interface TrialLanes {
  readonly lanes: readonly Lane[];
  /** Opened when first needed, for trials whose framing the wire transport refuses. */
  readonly openFallback: () => Promise<Lane>;
}

/** A slot and the positions that share its connection. */
export interface PlannedSlot {
  readonly state: SlotState;
  readonly positions: readonly TrialExchange[];
}

export class TrialSlots {
  readonly #owner: TrialExchangeOwner;
  readonly #lanes: Lane[];
  readonly #openFallback: () => Promise<Lane>;
  readonly #planned: PlannedSlot[] = [];
  readonly #depth: number;
  readonly #maxConnecting: number;
  #nextSlot = 0;
  #connecting = 0;
  /** Slots that are open, without those of the fallback. */
  #openSlots = 0;
  #fallback: Promise<Lane> | null = null;

  constructor(task: TrialTask, { lanes, openFallback }: TrialLanes, owner: TrialExchangeOwner) {
    this.#owner = owner;
    this.#lanes = [...lanes];
    this.#openFallback = openFallback;
    this.#depth = task.plan.pipelining;
    this.#maxConnecting = task.maxConnecting;
    this.#make(planSlots(task.connectionCount, lanes), countTrials(task));
  }

  /** True while the plan allows one more connection to be made at once. */
  get mayConnect(): boolean {
    return this.#connecting < this.#maxConnecting;
  }

  /** True while the plan has a slot that is not open yet and that may connect. */
  get mayOpen(): boolean {
    return this.#nextSlot < this.#planned.length && this.mayConnect;
  }

  /** Opens the next slot of the plan; call it only while `mayOpen`. */
  openNext(): PlannedSlot {
    this.#openSlots++;
    return this.#planned[this.#nextSlot++] as PlannedSlot;
  }

  /** Makes the slots of the plan, with no more positions than there are trials. */
  #make(plan: readonly Lane[], trialCount: number): void {
    let left = trialCount;
    for (const lane of plan) {
      if (left <= 0) return;
      this.#planned.push(this.#withPositions(this.#open(lane, false), Math.min(left, this.#depth)));
      left -= this.#depth;
    }
  }

  #withPositions(state: SlotState, count: number): PlannedSlot {
    const positions: TrialExchange[] = [];
    while (positions.length < count) positions.push(new TrialExchange(state));
    return { state, positions };
  }

  #open(lane: Lane, isFallback: boolean): SlotState {
    const slot = lane.openSlot();
    return {
      owner: this.#owner,
      slot,
      isFallback,
      connected: false,
      isConnecting: false,
      answers: 0,
      inFlight: 0,
      fullDepth: slot.depth,
      retired: false,
      isStalled: false,
      refusals: 0,
      refusedInSweep: 0,
      pausedUntilSweep: 0,
    };
  }

  /** True where its connection is established, or one may be made for it. */
  mayUse(slot: SlotState): boolean {
    // A server may end a connection after any answer, without losing a request.
    if (slot.connected && !slot.slot.isOpen) slot.connected = false;
    return slot.connected || slot.isConnecting || slot.isFallback || this.mayConnect;
  }

  /** A request is about to be sent; where there is no connection, the slot now counts as making one. */
  beginConnecting(slot: SlotState): void {
    if (slot.connected || slot.isConnecting || slot.isFallback) return;
    slot.isConnecting = true;
    this.#connecting++;
  }

  /** The connection is established or given up. */
  endConnecting(slot: SlotState): void {
    if (!slot.isConnecting) return;
    slot.isConnecting = false;
    this.#connecting--;
  }

  /** True where another slot is left when this one is given up. */
  isSpare(slot: SlotState): boolean {
    return !slot.isFallback && this.#openSlots > 1;
  }

  /** Gives up one connection, because this machine ran out of files, ports or buffers. False for the last one. */
  shrink(slot: SlotState): boolean {
    if (slot.retired || !this.isSpare(slot)) return false;
    this.#retire(slot);
    this.#nextSlot = this.#planned.length;
    return true;
  }

  /**
   * Retires a slot whose server answered in a framing that its lane refuses: undici takes the slot's place,
   * so that a server all of whose answers are like that is asked as fast as any other. Null where the slot
   * was retired before.
   */
  retireForFallback(slot: SlotState): Promise<Lane> | null {
    if (slot.retired || slot.isFallback) return null;
    this.#retire(slot);
    this.#fallback ??= this.#openFallback().then((lane) => {
      this.#lanes.push(lane);
      return lane;
    });
    return this.#fallback;
  }

  /** Opens a slot in place of one that was retired. */
  openOnFallback(lane: Lane): PlannedSlot {
    return this.#withPositions(this.#open(lane, true), this.#depth);
  }

  #retire(slot: SlotState): void {
    slot.retired = true;
    this.#openSlots--;
    this.endConnecting(slot);
  }

  /** Ends every connection by RST, so that the next run finds no port in TIME_WAIT. */
  async close(): Promise<void> {
    await waitAtMost(Promise.all(this.#lanes.map((lane) => lane.close(true))), MAX_CLOSE_MS);
  }
}

function countTrials({ ranges }: TrialTask): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The lane of every slot in the order they are opened: in turn, so that all lanes grow alike. */
function planSlots(connectionCount: number, lanes: readonly Lane[]): readonly Lane[] {
  const perLane = splitCount(connectionCount, lanes.length);
  const slots: Lane[] = [];
  for (let round = 0; round < (perLane[0] as number); round++) {
    for (const [index, lane] of lanes.entries()) {
      if (round < (perLane[index] as number)) slots.push(lane);
    }
  }
  return slots;
}
