// The connection slots of one worker's share of a run: which lane each is opened on, how many connections are in the
// making, which are given up or replaced. It knows nothing of trials; TrialRun decides when one is wanted.

import type { TrialTask } from '../../model/messages.ts';
import { splitCount } from '../../model/split.ts';
import type { Lane } from '../../transport/lane.ts';
import { type SlotState, TrialExchange, type TrialExchangeOwner } from './trial-exchange.ts';
import { waitAtMost } from '../wait-at-most.ts';

/** 20,000 connections take half a second. A socket that is still there ends with the thread. */
const MAX_CLOSE_MS = 10_000;

export interface TrialLanes {
  readonly lanes: readonly Lane[];
  /** Opened at the first need: where trials go whose framing the wire transport does not take. */
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
  /** The fallback's is not among them. */
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

  /** No more connections are in the making than the plan allows with one more. */
  get mayConnect(): boolean {
    return this.#connecting < this.#maxConnecting;
  }

  /** The plan has a slot that was not opened yet, and it may connect. */
  get mayOpen(): boolean {
    return this.#nextSlot < this.#planned.length && this.mayConnect;
  }

  /** Opens the next slot of the plan; only while `mayOpen`. */
  openNext(): PlannedSlot {
    this.#openSlots++;
    return this.#planned[this.#nextSlot++] as PlannedSlot;
  }

  /** Makes whatever may be opened, and no more positions than there are trials. */
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

  /** Its connection stands, or one more may be made. */
  mayUse(slot: SlotState): boolean {
    // A server may end a connection after any answer, without the loss of a request.
    if (slot.connected && !slot.slot.isOpen) slot.connected = false;
    return slot.connected || slot.isConnecting || slot.isFallback || this.mayConnect;
  }

  /** A request is about to be sent: without a connection one is in the making now. */
  beginConnecting(slot: SlotState): void {
    if (slot.connected || slot.isConnecting || slot.isFallback) return;
    slot.isConnecting = true;
    this.#connecting++;
  }

  /** The connection stands, or is given up. */
  endConnecting(slot: SlotState): void {
    if (!slot.isConnecting) return;
    slot.isConnecting = false;
    this.#connecting--;
  }

  /** Another one is left when it is given up. */
  isSpare(slot: SlotState): boolean {
    return !slot.isFallback && this.#openSlots > 1;
  }

  /** This machine ran out of files, ports or buffers: one connection fewer, as long as one is left. True if so. */
  shrink(slot: SlotState): boolean {
    if (slot.retired || !this.isSpare(slot)) return false;
    this.#retire(slot);
    this.#nextSlot = this.#planned.length;
    return true;
  }

  /**
   * A server answered in a framing that its lane does not take: undici has the slot's place from now on, so that a
   * server all of whose answers are like that is asked as fast as any other. Null where that was done before.
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

  /** A slot in the place of one that was retired for it. */
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

/** The lane of every slot in the order they are opened: round-robin, so that all lanes grow alike. */
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
