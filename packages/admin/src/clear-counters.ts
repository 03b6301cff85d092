/** `clear counters [all]` (management manual, section 9.3): highest values start anew, or everything that was counted. */

import {
  Admission,
  BackendGauge,
  BackendRate,
  BackendState,
  FrequencyCounter,
  FrontendGauge,
  FrontendRate,
  ListenerGauge,
  ListenerRate,
  ProcessRate,
  ServerGauge,
  ServerRate,
  ServerState,
  SharedCount,
} from '@evenkeel/shm';
import type { ObjectKind } from '@evenkeel/shm';
import type { Command } from './cli/command.ts';
import { fault } from './cli/command.ts';
import type { Runtime } from './runtime.ts';
import { proxiesOf } from './walk.ts';

const PROCESS_SLOT = 0;
/** Objects that are cleared in one turn: a millisecond's work. */
const OBJECTS_A_TURN = 100;

export const clearCounters: Command = {
  words: ['clear', 'counters'],
  parameters: '[all]',
  help: 'clear max statistics counters (or all counters)',
  level: 'operator',
  async run({ runtime, level }, [extent]) {
    const isAll = extent === 'all';
    if (isAll && level !== 'admin') return fault('Permission denied\n');
    let cleared = 0;
    for (const clear of clearings(runtime, isAll)) {
      clear();
      if (++cleared % OBJECTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return '';
  },
};

/** One function for each object, to be called at once: the next one is of the configuration that serves then. */
function* clearings(runtime: Runtime, isAll: boolean): Generator<() => void> {
  const { segment, statistics } = runtime;
  const clearer = (kind: ObjectKind, gauges: object, rates: object) => (slot: number) => (): void => {
    if (isAll && kind !== 'process') statistics.clearAll(kind, slot);
    else statistics.clearMaxima(kind, slot);
    // A lock that a dying thread holds is free again soon; what was the highest then stays the highest until the next time.
    for (const gauge of Object.values(gauges) as number[]) new SharedCount(segment, kind, slot, gauge).resetHighest();
    for (const rate of Object.values(rates) as number[]) new FrequencyCounter(segment, kind, slot, rate).resetHighest();
  };
  const frontend = clearer('frontend', FrontendGauge, FrontendRate);
  const listener = clearer('listener', ListenerGauge, ListenerRate);
  const backend = clearer('backend', BackendGauge, BackendRate);
  const server = clearer('server', ServerGauge, ServerRate);

  // Totals of the process go on, as on HAProxy.
  yield clearer('process', {}, ProcessRate)(PROCESS_SLOT);
  for (const walked of proxiesOf(runtime)) {
    const here = walked.now();
    if (here === undefined || here.proxy.disabled) continue;
    const { frontendSlot, backendSlot } = here.slots;
    if (frontendSlot >= 0) yield frontend(frontendSlot);
    for (const { proxy, slot } of here.plan.listeners) if (proxy === here.index) yield listener(slot);
    if (backendSlot < 0) continue;
    yield () => {
      backend(backendSlot)();
      new Admission(runtime.health.tickets, backendSlot).resetQueueHighest();
      if (isAll) new BackendState(segment, backendSlot).clearTransitions();
    };
    for (const { here: now, slot } of walked.servers()) {
      yield () => {
        server(slot)();
        new Admission(runtime.health.tickets, now.slots.backendSlot).resetQueueHighest(slot);
        if (isAll) clearHealthCounts(new ServerState(segment, slot));
      };
    }
  }
}

function clearHealthCounts(state: ServerState): void {
  state.set('checksFailed', 0);
  state.set('transitionsDown', 0);
  state.set('observedFailures', 0);
}
