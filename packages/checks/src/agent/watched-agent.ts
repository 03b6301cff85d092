// The agent of one server: what its answers do to the server, its words in shared memory, what is displayed of it. Main only.
// An agent decides beside the checks: only what it says can hold the server down, and its silence says nothing.

import type { ServerState } from '@evenkeel/shm';
import { CheckState, type AgentView } from '../display.ts';
import { boundInfo, checkStatuses, checkStatusOf, verdictNumber, type CheckResult } from '../status.ts';
import type { WatchedServer } from '../watched-server.ts';
import { parseAgentReply, parseMaxconn, parseWeight, type AgentReply } from './reply.ts';

/** HAProxy's agents rise and fall with one answer. */
const RISE = 1;
const FALL = 1;
const STATIC = "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.";

export class WatchedAgent {
  /** What the last answer said in words (`last_agt`). */
  lastInfo = '';
  readonly #server: WatchedServer;
  readonly #state: ServerState;

  constructor(server: WatchedServer, state: ServerState) {
    this.#server = server;
    this.#state = state;
  }

  /** It is asked from now on: nothing is known yet. */
  enable(): void {
    const state = this.#state;
    state.set('agentState', CheckState.configured | CheckState.enabled | CheckState.agent);
    state.set('agentStatus', checkStatuses.INI.number);
    state.set('agentCode', -1);
    state.set('agentHealth', RISE);
  }

  /** The words may be those of another server that had the slot before. */
  clear(): void {
    this.#state.set('agentState', 0);
    this.#state.set('agentHealth', RISE);
  }

  /** It is asked no more; what it held down is not held any more. */
  forget(): void {
    if (!this.isConfigured) return;
    const wasDown = this.#state.get('agentHealth') === 0;
    this.clear();
    if (wasDown) this.#server.releaseFromAgent();
  }

  get isConfigured(): boolean {
    return (this.#state.get('agentState') & CheckState.configured) !== 0;
  }

  get isEnabled(): boolean {
    return (this.#state.get('agentState') & CheckState.enabled) !== 0;
  }

  view(): AgentView {
    const state = this.#state;
    return {
      state: state.get('agentState'),
      health: state.get('agentHealth'),
      rise: RISE,
      fall: FALL,
      status: checkStatusOf(state.get('agentStatus')),
      code: state.get('agentCode'),
      durationMs: state.get('agentDurationMs'),
    };
  }

  /** `enable agent` and `disable agent`. */
  pause(isPaused: boolean): void {
    const state = this.#state.get('agentState');
    this.#state.set('agentState', isPaused ? state & ~CheckState.enabled : state | CheckState.enabled);
  }

  /** `set server … agent up|down`. */
  force(says: 'up' | 'down'): void {
    this.#state.set('agentHealth', says === 'up' ? RISE : 0);
    this.#server.forceAgent(says);
  }

  begin(): void {
    this.#state.set('agentState', this.#state.get('agentState') | CheckState.inProgress);
  }

  skip(): void {
    this.#state.set('agentState', this.#state.get('agentState') & ~CheckState.inProgress);
  }

  /** A conversation ended: with CHECKED and the agent's line, or without one. */
  take(result: CheckResult): void {
    this.skip();
    if (result.status === 'CHECKED') this.#takeReply(parseAgentReply(result.info), result);
    else this.#keep(result, undefined);
  }

  #takeReply(reply: AgentReply, result: CheckResult): void {
    if (reply.admin !== undefined) this.#server.administer(reply.admin);
    const warning = this.#isTakingOrders ? this.#takeFigures(reply) : undefined;
    if (reply.health === undefined) {
      const info =
        reply.unknown !== undefined
          ? `agent reports an error : ${reply.unknown}`
          : warning !== undefined
            ? `agent warns : ${warning}`
            : '';
      this.#keep({ ...result, info }, undefined);
      return;
    }
    const { says, word } = reply.health;
    // A reason for being down comes before complaints about other words; where all is well, complaints come first.
    const complaint = reply.unknown ?? warning;
    const words = says === 'down' && reply.description !== '' ? reply.description : (complaint ?? reply.description);
    const info = `via agent : ${word}${words === '' ? '' : ` (${words})`}`;
    this.#keep({ ...result, status: says === 'up' ? 'L7OK' : 'L7STS', code: 0, info }, says);
  }

  /** A disabled agent's last answer changes no weight (management manual 9.3 "disable agent"). */
  get #isTakingOrders(): boolean {
    return this.isEnabled;
  }

  /** Weight and limit; returns the first complaint. */
  #takeFigures({ weight, maxconn }: AgentReply): string | undefined {
    let complaint: string | undefined;
    if (weight !== undefined) {
      const parsed = parseWeight(weight, this.#state.get('initialWeight'));
      if ('fault' in parsed) complaint = parsed.fault;
      else if (!this.#allows(parsed.value)) complaint = STATIC;
      else if (parsed.value !== this.#state.get('userWeight')) this.#server.setWeight(parsed.value);
    }
    if (maxconn !== undefined) {
      const parsed = parseMaxconn(maxconn);
      if ('fault' in parsed) complaint ??= parsed.fault;
      else if (parsed.value !== this.#state.get('maxconn')) this.#server.setMaxconn(parsed.value);
    }
    return complaint;
  }

  /** An algorithm that is worked out once knows all of a server's weight, or none. */
  #allows(weight: number): boolean {
    return this.#server.backend.hasDynamicWeights || weight === 0 || weight === this.#state.get('initialWeight');
  }

  #keep(found: CheckResult, says: 'up' | 'down' | undefined): void {
    const result = { ...found, info: boundInfo(found.info) };
    const state = this.#state;
    const { number, verdict } = checkStatuses[result.status];
    const isMoved = says !== undefined && (says === 'up') !== state.get('agentHealth') > 0;
    const isNews = verdict !== 'neutral' && (isMoved || state.get('agentStatus') !== number);
    this.lastInfo = result.info;
    state.set('agentStatus', number);
    state.set('agentCode', result.code);
    state.set('agentDurationMs', result.durationMs);
    state.set('agentResult', verdictNumber[verdict]);
    if (says !== undefined) state.set('agentHealth', says === 'up' ? RISE : 0);
    this.#server.takeAgent(says, result, {
      health: state.get('agentHealth'),
      rise: RISE,
      fall: FALL,
      hasWeight: state.get('userWeight') > 0,
      isNews,
    });
  }
}
