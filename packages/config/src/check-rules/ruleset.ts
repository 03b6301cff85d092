/**
 * The rules of a backend's checks while the file is read, and what they become: order, implicit steps, the request line of
 * `option httpchk` (manual 4.2). A proxy takes the rules of its `defaults` section only where it has none of its own, as in
 * HAProxy.
 */

import type { CheckHttpSend, CheckRuleset, CheckStep } from '../check-model.ts';
import { describeKind, type Mutable, type ProxyDraft } from '../draft.ts';
import type { Position } from '../model.ts';
import { implicitConnect } from './connect.ts';
import { emptyHttpSend } from './send.ts';

type Protocol = CheckRuleset['protocol'];

/** Rules of one kind, with the section that they are from. */
interface StepsDraft {
  readonly steps: CheckStep[];
  inherited: boolean;
  /** Of the first rule: where a warning about all of them points. */
  at: Position | undefined;
}

export interface CheckRulesDraft {
  readonly tcp: StepsDraft;
  readonly http: StepsDraft;
  /** What `option httpchk` says, until it becomes part of the first send. */
  request: Mutable<CheckHttpSend> | undefined;
  disableOn404: Position | undefined;
  sendState: Position | undefined;
}

export function initialCheckRules(): CheckRulesDraft {
  return {
    tcp: { steps: [], inherited: false, at: undefined },
    http: { steps: [], inherited: false, at: undefined },
    request: undefined,
    disableOn404: undefined,
    sendState: undefined,
  };
}

/** A section starts from what `base` has, and replaces it with its first own rule. */
export function inheritCheckRules(base: CheckRulesDraft): CheckRulesDraft {
  return {
    ...base,
    tcp: { ...base.tcp, steps: [...base.tcp.steps], inherited: true },
    http: { ...base.http, steps: [...base.http.steps], inherited: true },
  };
}

/** The rules to add to: those that were inherited are dropped. */
function ownSteps(rules: CheckRulesDraft, protocol: Protocol, at: Position): CheckStep[] {
  const own = rules[protocol];
  if (own.inherited) {
    own.steps.length = 0;
    own.inherited = false;
    own.at = undefined;
    if (protocol === 'http') rules.request = undefined;
  }
  own.at ??= at;
  return own.steps;
}

const isPassive = (step: CheckStep): boolean =>
  step.action === 'set-var' || step.action === 'unset-var' || step.action === 'comment';

/** Adds a rule; returns HAProxy's complaint where it may not stand there. */
export function addStep(rules: CheckRulesDraft, protocol: Protocol, step: CheckStep): string | undefined {
  const steps = ownSteps(rules, protocol, step.at);
  const before = steps.findLast((one) => !isPassive(one));
  if (step.action === 'connect' && steps.length > 0) {
    const first = steps.find((one) => !isPassive(one));
    if (first !== undefined && first.action !== 'connect')
      return "first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' or a 'comment', when there is a 'connect' step in the tcp-check ruleset";
  }
  const number = steps.length + 1;
  if (protocol === 'http') {
    const missing = missingRule(step, before);
    if (missing !== undefined)
      return `unable to add http-check ${step.action === 'http-send' ? 'send' : step.action} rule at step ${number} (missing ${missing} rule).`;
    if (step.action === 'http-send' && firstSend(steps) === undefined && rules.request !== undefined) {
      steps.push(withRequest(step, rules.request, step));
      rules.request = undefined;
      return undefined;
    }
  }
  steps.push(step);
  return undefined;
}

/** HTTP goes connect, send, expect, and begins again with connect. */
function missingRule(step: CheckStep, before: CheckStep | undefined): string | undefined {
  if (before === undefined) return undefined;
  if (step.action === 'http-send' && before.action !== 'connect') return 'connect';
  if (step.action === 'expect' && before.action === 'connect') return 'send';
  if (step.action === 'connect' && before.action !== 'expect') return 'expect';
  return undefined;
}

function firstSend(steps: readonly CheckStep[]): CheckHttpSend | undefined {
  return steps.find((step): step is CheckHttpSend => step.action === 'http-send');
}

/** What `option httpchk` says joins the first send; of two that say something the later one counts. */
export function addRequest(rules: CheckRulesDraft, request: Mutable<CheckHttpSend>): void {
  const steps = ownSteps(rules, 'http', request.at);
  if (steps.length === 0) rules.http.at = undefined;
  const first = firstSend(steps);
  if (first === undefined) rules.request = request;
  else steps[steps.indexOf(first)] = withRequest(first, request, request);
}

function withRequest(send: CheckHttpSend, request: CheckHttpSend, stronger: CheckHttpSend): CheckHttpSend {
  const weaker = stronger === send ? request : send;
  return {
    ...send,
    method: stronger.method ?? weaker.method,
    uri: stronger.uri ?? weaker.uri,
    version: stronger.version ?? weaker.version,
    headers: [...request.headers, ...send.headers],
    body: send.body ?? request.body,
  };
}

/** The rules as they are run. */
export function buildRuleset(rules: CheckRulesDraft, protocol: Protocol, at: Position): CheckRuleset {
  const steps = [...rules[protocol].steps];
  const first = steps.find((step) => !isPassive(step));
  if (protocol === 'http') addHttpSteps(steps, rules.request, at);
  if (first?.action !== 'connect') steps.unshift(implicitConnect(at));
  return {
    protocol,
    steps,
    disableOn404: protocol === 'http' && rules.disableOn404 !== undefined,
    sendState: protocol === 'http' && rules.sendState !== undefined,
  };
}

/** A request where there is none before the first expectation, and an expectation behind the last request. */
function addHttpSteps(steps: CheckStep[], request: CheckHttpSend | undefined, at: Position): void {
  if (firstSend(steps) === undefined) {
    const connect = steps.findIndex((step) => step.action === 'connect');
    steps.splice(connect + 1, 0, request ?? emptyHttpSend(at));
  }
  const last = steps.findLast((step) => !isPassive(step));
  if (last?.action !== 'http-send') return;
  steps.push({
    at,
    action: 'expect',
    comment: undefined,
    match: { kind: 'status', ranges: [[200, 399]] },
    negate: false,
    minReceive: -1,
    okStatus: undefined,
    errorStatus: undefined,
    timeoutStatus: undefined,
    onSuccess: undefined,
    onError: undefined,
    statusCode: undefined,
  });
}

/** HAProxy's warnings about rules and options of a kind of check that the proxy does not have. */
export function unusedRules(draft: ProxyDraft): readonly { readonly message: string; readonly at: Position }[] {
  const { check, checkRules } = draft;
  const protocol = check.type === 'rules' ? check.ruleset.protocol : undefined;
  const owner = `${describeKind(draft.kind)} '${draft.name}'`;
  const found: { message: string; at: Position }[] = [];
  for (const [kind, option] of [
    ['tcp', 'tcp-check'],
    ['http', 'httpchk'],
  ] as const) {
    const { at, inherited, steps } = checkRules[kind];
    if (protocol === kind || inherited || at === undefined || steps.length === 0) continue;
    found.push({
      message: `${owner} uses ${kind}-check rules without 'option ${option}', so the rules are ignored.`,
      at,
    });
  }
  if (protocol === 'http' || check.type === 'tcp') return found;
  if (checkRules.disableOn404 !== undefined)
    found.push({
      message: `'disable-on-404' will be ignored for ${owner} (requires 'option httpchk').`,
      at: checkRules.disableOn404,
    });
  if (checkRules.sendState !== undefined)
    found.push({
      message: `'send-state' will be ignored for ${owner} (requires 'option httpchk').`,
      at: checkRules.sendState,
    });
  return found;
}
