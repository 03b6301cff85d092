// The rules of a backend's checks as a protocol: each rule becomes a step with everything made that does not depend on the
// single check (manual: `tcp-check …`, `http-check …`). Words are HAProxy 2.6.12's.

import type {
  CheckConnect,
  CheckExpect,
  CheckMatch,
  CheckRuleset,
  CheckSend,
  CheckSetVariable,
  CheckStep,
} from '@evenkeel/config';
import {
  compileSetVariable,
  variableReference,
  type Compiler,
  type VariableCondition,
  type Variables,
} from '@evenkeel/expr';
import type { ConnectOptions, Protocol } from '../conversation.ts';
import type { CheckStatus } from '../status.ts';
import { CheckContext } from './context.ts';
import { RulesetConversation } from './engine.ts';
import { compileHeadTest, type HeadMatch } from './http-expect.ts';
import { compileHttpRequest } from './http-request.ts';
import {
  bytesOfHexadecimal,
  compilePattern,
  expectWords,
  matchWords,
  type BytesMatch,
  type CompileFormat,
} from './matching.ts';
import { NEXT, WAIT, type ConnectStep, type ExpectStep, type Judgement, type SendStep, type Step } from './step.ts';

/** What all rulesets of a process share. */
export interface RulesetSettings {
  readonly compiler: Compiler;
  /** `tune.bufsize`: an answer that is longer is judged by what fits. */
  readonly bufferBytes: number;
  /** `tune.http.maxhdr` */
  readonly maxHeaders: number;
  /** Variables of scope `proc`. */
  readonly processVariables: Variables;
  /** Epoch ms. */
  dateNow(): number;
}

export function rulesetProtocol(ruleset: CheckRuleset, settings: RulesetSettings): Protocol {
  const compiled = new RulesetCompiler(ruleset, settings).compile();
  return {
    closesByReset: true,
    begin: (subject) =>
      new RulesetConversation(
        compiled,
        subject,
        new CheckContext(subject, settings.dateNow(), settings.processVariables),
      ),
  };
}

/** A ruleset ready to run. */
export interface CompiledRuleset {
  readonly protocol: 'tcp' | 'http';
  readonly steps: readonly Step[];
  readonly disableOn404: boolean;
  readonly bufferBytes: number;
  readonly maxHeaders: number;
}

class RulesetCompiler {
  readonly #ruleset: CheckRuleset;
  readonly #settings: RulesetSettings;
  readonly #format: CompileFormat;

  constructor(ruleset: CheckRuleset, settings: RulesetSettings) {
    this.#ruleset = ruleset;
    this.#settings = settings;
    this.#format = (format) => settings.compiler.logFormat(format);
  }

  compile(): CompiledRuleset {
    const { protocol, disableOn404, steps } = this.#ruleset;
    const { bufferBytes, maxHeaders } = this.#settings;
    const compiled: Step[] = [];
    let number = 0;
    let comment = '';
    for (const step of steps) {
      if (!(step.action === 'connect' && step.implicit)) number++;
      if (step.action !== 'comment') compiled.push(this.#step(step, number, comment));
      // A comment is that of the next rule alone.
      comment = step.action === 'comment' ? step.text : '';
    }
    return { protocol, steps: compiled, disableOn404, bufferBytes, maxHeaders };
  }

  #step(step: Exclude<CheckStep, { readonly action: 'comment' }>, number: number, before: string): Step {
    const base = { number, comment: ('comment' in step ? step.comment : undefined) ?? before };
    switch (step.action) {
      case 'connect':
        return { ...base, ...this.#connect(step) };
      case 'send':
        return { ...base, ...this.#send(step) };
      case 'http-send': {
        const state = this.#ruleset.sendState ? (context: CheckContext): string => context.stateText() : undefined;
        return {
          ...base,
          action: 'send',
          bytes: compileHttpRequest(step, this.#format, state),
          failure: 'failed to build HTTP request',
          method: step.method ?? 'OPTIONS',
        };
      }
      case 'expect':
        return { ...base, ...this.#expect(step, base) };
      case 'set-var':
        return { ...base, action: 'run', run: this.#setVariable(step) };
      case 'unset-var': {
        const variable = variableReference(step.name);
        return { ...base, action: 'run', run: (context) => variable.set(context, undefined) };
      }
    }
  }

  #connect(step: CheckConnect): Omit<ConnectStep, 'number' | 'comment'> {
    const { port, address, serverOptions, sendProxy, viaSocks4, linger } = step;
    const portOf = typeof port === 'object' ? this.#settings.compiler.integer(port) : (): number | undefined => port;
    return {
      action: 'connect',
      linger,
      options: (context, { connection: server, socks4 }) => {
        // What is no port leaves the server's.
        const named = portOf(context) ?? 0;
        const wanted = named >= 1 && named <= 65535 ? named : undefined;
        const options: ConnectOptions = {
          address: addressOf(address, wanted, server.address),
          sendProxy: sendProxy || (serverOptions && server.sendProxy),
          socks4: viaSocks4 ? socks4 : serverOptions ? server.socks4 : undefined,
        };
        return { options, port: typeof port === 'number' ? port : 0 };
      },
    };
  }

  #send(step: CheckSend): Omit<SendStep, 'number' | 'comment'> {
    const base = { action: 'send', failure: 'tcp-check send : failed to build log-format string', method: '' } as const;
    const { data } = step;
    if (data.kind === 'bytes') {
      const bytes = Buffer.from(data.bytes, 'latin1');
      return { ...base, bytes: () => bytes };
    }
    const text = this.#format(data.format);
    if (data.kind === 'text') return { ...base, bytes: (context) => Buffer.from(text(context), 'latin1') };
    return {
      ...base,
      bytes: (context) => {
        const bytes = bytesOfHexadecimal(text(context));
        return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1');
      },
    };
  }

  #setVariable({ name, conditions, value }: CheckSetVariable): (context: CheckContext) => void {
    const set = compileSetVariable(name, conditions as readonly VariableCondition[]);
    if (value.kind === 'log-format') {
      const text = this.#format(value);
      return (context) => set(context, text(context));
    }
    const sample = this.#settings.compiler.expression(value);
    return (context) => set(context, sample(context)?.value);
  }

  #expect(
    step: CheckExpect,
    { number, comment }: { number: number; comment: string },
  ): Omit<ExpectStep, 'number' | 'comment'> {
    const { compiler } = this.#settings;
    const isHttp = this.#ruleset.protocol === 'http';
    const success = step.onSuccess === undefined ? undefined : this.#format(step.onSuccess);
    const code = step.statusCode === undefined ? undefined : compiler.integer(step.statusCode);
    return {
      action: 'expect',
      words: expectWords(step.match),
      timeoutStatus: step.timeoutStatus ?? 'L7TOUT',
      emptyStatus: step.errorStatus ?? 'L7RSP',
      judge: isHeadMatch(step.match)
        ? this.#judgeHead(step, step.match, comment)
        : this.#judgeContent(step, step.match, number, comment),
      success: {
        status: step.okStatus ?? 'L7OK',
        info: success ?? (isHttp ? () => '' : () => '(tcp-check)'),
      },
      code: code === undefined ? undefined : (context) => code(context) ?? 0,
    };
  }

  /** The whole of `last_chk` for a rule that failed: what the rule says, or `words`, and the comment. */
  #failure(
    step: CheckExpect,
    comment: string,
    status: CheckStatus,
  ): (context: CheckContext, words: string) => Judgement {
    const onError = step.onError === undefined ? undefined : this.#format(step.onError);
    const tail = comment === '' ? '' : ` comment: ${comment}`;
    return (context, words) => ({
      type: 'failed',
      status: step.errorStatus ?? status,
      info: (onError?.(context) ?? words) + tail,
    });
  }

  #judgeHead(step: CheckExpect, match: HeadMatch, comment: string): ExpectStep['judge'] {
    const test = compileHeadTest(match, this.#format);
    const failed = this.#failure(step, comment, 'L7STS');
    const { negate } = step;
    return (context, { head }) => {
      if (head === undefined) return WAIT;
      const passed = test(context, head);
      if (typeof passed === 'object') return broken(passed.failure);
      return passed === negate ? failed(context, head.reason) : NEXT;
    };
  }

  #judgeContent(step: CheckExpect, match: BytesMatch, number: number, comment: string): ExpectStep['judge'] {
    const make = compilePattern(match, this.#format, this.#settings.bufferBytes);
    const failed = this.#failure(step, comment, 'L7RSP');
    const isHttp = this.#ruleset.protocol === 'http';
    const { negate, minReceive } = step;
    const place = ` ${matchWords(match)} at step ${number}`;
    const missed = isHttp ? 'HTTP content check did not match' : `TCPCHK did not match content${place}`;
    const unwanted = isHttp ? 'HTTP check matched unwanted content' : `TCPCHK matched unwanted content${place}`;
    return (context, { content, isLast }) => {
      if (isHttp && content === '') return isLast ? broken('HTTP content check could not find a response body') : WAIT;
      const pattern = make(context);
      if ('failure' in pattern) return broken(pattern.failure);
      if (!isLast && (content.length < pattern.length || content.length < minReceive)) return WAIT;
      const found = pattern.found(content);
      // More may still bring it, unless the rule says that so many bytes are enough.
      if (!found && !isLast && minReceive === -1) return WAIT;
      return found === negate ? failed(context, found ? unwanted : missed) : NEXT;
    };
  }
}

/** Rules that look at the head of a response, apart from those that look at bytes. */
const HEAD_KINDS: ReadonlySet<CheckMatch['kind']> = new Set(['status', 'rstatus', 'hdr', 'fhdr']);

function isHeadMatch(match: CheckMatch): match is HeadMatch {
  return HEAD_KINDS.has(match.kind);
}

function broken(info: string): Judgement {
  return { type: 'failed', status: 'L7RSP', info };
}

/** The rule's address and port before the server's. */
function addressOf(
  address: CheckConnect['address'],
  port: number | undefined,
  server: ConnectOptions['address'],
): ConnectOptions['address'] {
  if (address !== undefined && 'path' in address) return address;
  const host = address?.host;
  if ('path' in server) return host === undefined ? server : { host, port: port ?? 0 };
  return { host: host ?? server.host, port: port ?? server.port };
}
