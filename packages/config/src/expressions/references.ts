/** Proxies, servers and user lists that expressions name: looked up when every section was read, with HAProxy's sentences. */

import type { Call, Expression } from '../expression-model.ts';
import type { ExpressionScope } from '../expression-scope.ts';
import { nearestWord } from '../nearest.ts';
import { CONVERTERS } from './converters.ts';
import type { ArgumentType, SampleDeclaration } from './declarations.ts';
import { FETCHES } from './fetches.ts';
import type { WordPlace } from './report.ts';

/** Checks every name in `expression` later. `kind` begins the sentence: "ACL keyword", "sample fetch keyword". */
export function collectReferences(
  expression: Expression,
  scope: ExpressionScope,
  place: WordPlace,
  kind: string,
): void {
  checkCall(expression.fetch, FETCHES.get(expression.fetch.name), scope, place, kind);
  for (const call of expression.converters)
    checkCall(call, CONVERTERS.get(call.name), scope, place, 'conversion keyword');
}

function checkCall(
  call: Call,
  declaration: SampleDeclaration | undefined,
  scope: ExpressionScope,
  place: WordPlace,
  kind: string,
): void {
  if (declaration?.state !== 'works') return;
  declaration.arguments.forEach((type, index) => {
    if (!NAMED.has(type)) return;
    const argument = call.arguments[index];
    const name = typeof argument === 'string' ? argument : '';
    const where = `referenced in arg ${index + 1} of ${kind} '${call.name}' in proxy '${scope.proxyName}'`;
    scope.whenComplete(() => checkName(type, name, where, scope, place));
  });
}

const NAMED: ReadonlySet<ArgumentType> = new Set(['backend', 'frontend', 'server', 'userlist']);

function checkName(type: ArgumentType, name: string, where: string, scope: ExpressionScope, place: WordPlace): void {
  const alert = (message: string, what: string): void => {
    const remedy = `name a ${what} of this configuration`;
    scope.diagnostics.alert(message, place.at, { length: place.length, form: 'tight', remedy });
  };
  if (type === 'userlist') {
    if (scope.hasUserlist?.(name) === false) alert(`unable to find userlist '${name}' ${where}.`, 'userlist');
    return;
  }
  if (scope.proxy === undefined) return;
  const slash = type === 'server' ? name.indexOf('/') : -1;
  const proxyName = (type === 'server' ? name.slice(0, Math.max(0, slash)) : name) || scope.proxyName;
  const proxy = scope.proxy(proxyName, type === 'frontend' ? 'frontend' : 'backend');
  if (proxy === undefined) {
    alert(
      type === 'server'
        ? `unable to find proxy '${proxyName}' ${where}.`
        : `unable to find ${type} '${name}' ${where}.`,
      type === 'frontend' ? 'frontend' : 'backend',
    );
    return;
  }
  if (type === 'frontend' && proxy.kind === 'backend')
    alert(`proxy '${proxyName}', ${where}, has not frontend capability.`, 'frontend');
  if (type === 'backend' && proxy.kind === 'frontend')
    alert(`proxy '${proxyName}', ${where}, has not backend capability.`, 'backend');
  if (type !== 'server') return;
  const server = name.slice(slash + 1);
  if (proxy.servers.some((known) => known.name === server)) return;
  scope.diagnostics.alert(`unable to find server '${server}' in proxy '${proxyName}', ${where}.`, place.at, {
    length: place.length,
    form: 'tight',
    nearest: nearestWord(
      server,
      proxy.servers.map((known) => known.name),
    ),
    remedy: 'name a server of that backend',
  });
}
