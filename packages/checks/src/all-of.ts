// Several checks of one server, of which all must pass (server option `check-and`, our own): one conversation after another, each
// on a connection of its own; the first that fails is what is found. Pure.

import type { CheckSubject, Conversation, ConversationEffect, ConversationInput, Protocol } from './conversation.ts';
import { checkStatuses, type CheckStatus } from './status.ts';

/** A check beside the server's own, by the name of the backend that it is from. */
export interface FurtherCheck {
  readonly name: string;
  readonly protocol: Protocol;
}

/** `own` alone where there are no further ones. */
export function allOf(own: Protocol, further: readonly FurtherCheck[]): Protocol {
  if (further.length === 0) return own;
  const checks: readonly FurtherCheck[] = [{ name: '', protocol: own }, ...further];
  return {
    closesByReset: own.closesByReset,
    ...(checks.some(({ protocol }) => protocol.runsPrograms === true) ? { runsPrograms: true as const } : {}),
    begin: (subject) => new Sequence(checks, subject),
  };
}

type Found = Extract<ConversationEffect, { readonly type: 'found' }>;

class Sequence implements Conversation {
  readonly #checks: readonly FurtherCheck[];
  readonly #subject: CheckSubject;
  #at = 0;
  #conversation: Conversation;
  /** What is found where all pass: what the own check found, or the first that passed on conditions. */
  #passed: Found | undefined;

  constructor(checks: readonly FurtherCheck[], subject: CheckSubject) {
    this.#checks = checks;
    this.#subject = subject;
    this.#conversation = checks[0].protocol.begin(subject);
  }

  get timeoutStatus(): CheckStatus {
    return this.#conversation.timeoutStatus;
  }

  /** Failures of further checks are told with the name of their backend. */
  get position(): string {
    const position = this.#conversation.position ?? '';
    const { name } = this.#checks[this.#at];
    return name === '' ? position : `${position} in the check of ${name}`;
  }

  get closesByReset(): boolean {
    return this.#conversation.closesByReset ?? this.#checks[this.#at].protocol.closesByReset;
  }

  start(): readonly ConversationEffect[] {
    return this.#carryOut(this.#begin());
  }

  handle(input: ConversationInput): readonly ConversationEffect[] {
    return this.#carryOut(this.#conversation.handle(input));
  }

  #begin(): readonly ConversationEffect[] {
    return this.#conversation.start?.() ?? [{ type: 'connect', options: this.#subject.connection }];
  }

  /** In place of what is found where others are still to pass, the next check begins. */
  #carryOut(effects: readonly ConversationEffect[]): readonly ConversationEffect[] {
    const found = effects.find((effect) => effect.type === 'found');
    if (found === undefined) return effects;
    const before = effects.slice(0, effects.indexOf(found));
    const { name } = this.#checks[this.#at];
    const { verdict } = checkStatuses[found.status];
    if (verdict !== 'passed' && verdict !== 'conditional')
      return name === '' ? effects : [...before, { ...found, info: `${found.info} in the check of ${name}`.trim() }];
    const isFirstCondition =
      verdict === 'conditional' &&
      (this.#passed === undefined || checkStatuses[this.#passed.status].verdict === 'passed');
    if (this.#passed === undefined || isFirstCondition) this.#passed = found;
    const next = this.#checks[this.#at + 1];
    if (next === undefined) return [...before, this.#passed];
    this.#at++;
    this.#conversation = next.protocol.begin(this.#subject);
    return [...before, ...this.#carryOut(this.#begin())];
  }
}
