/** `unused-backend`: a backend that no rule sends anybody to, and that nothing else of the file asks about. */

import { describeKind } from '../draft.ts';
import type { LogFormat } from '../expression-model.ts';
import type { Config, Proxy, UseBackend } from '../model.ts';
import type { ReportLint } from './index.ts';

export function lintBackends(config: Config, report: ReportLint): void {
  const backends = config.proxies.filter(({ kind, disabled }) => kind === 'backend' && !disabled);
  if (backends.length === 0) return;
  const named = new Set<string>();
  const patterns: RegExp[] = [];
  for (const proxy of config.proxies) {
    if (proxy.defaultBackend !== undefined) named.add(proxy.defaultBackend);
    for (const rule of proxy.useBackend) noteTarget(rule, named, patterns);
    for (const server of proxy.servers) {
      if (server.track?.includes('/') === true) named.add(server.track.slice(0, server.track.lastIndexOf('/')));
      for (const name of server.checkAnd) named.add(name);
    }
  }
  const asked = namesInArguments(config);
  for (const backend of backends) {
    if (named.has(backend.name) || asked.has(backend.name) || patterns.some((pattern) => pattern.test(backend.name)))
      continue;
    // One without servers holds a table, or is to be filled at run time.
    if (backend.servers.length === 0) continue;
    report('unused-backend', backend.at, backend.kind, sentence(backend), REMEDY);
  }
}

const REMEDY = "name it by 'default_backend' or 'use_backend', or leave it out";

function sentence({ kind, name }: Proxy): string {
  return `${describeKind(kind)} '${name}' is not used: no 'default_backend' or 'use_backend' names it.`;
}

/** A name is one; of a format each name is meant that its literal parts allow. */
function noteTarget({ target }: UseBackend, named: Set<string>, patterns: RegExp[]): void {
  if (typeof target === 'string') named.add(target);
  else patterns.push(patternOf(target));
}

function patternOf({ parts }: LogFormat): RegExp {
  const text = parts.map((part) => (part.kind === 'literal' ? RegExp.escape(part.text) : '.*')).join('');
  return new RegExp(`^${text}$`);
}

/**
 * Names that stand in the text as arguments, as in `nbsrv(app)` and `srv_is_up(app/s1)`, or behind `table`: fetches and
 * tables of a backend that serves nobody are used all the same.
 */
function namesInArguments({ sources }: Config): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { statements } of sources) {
    for (const { words } of statements) {
      for (const [index, word] of words.entries()) {
        if (word.includes('(')) for (const part of word.split(/[(),/]/)) names.add(part);
        else if (index > 0 && words[index - 1] === 'table') names.add(word);
      }
    }
  }
  return names;
}
