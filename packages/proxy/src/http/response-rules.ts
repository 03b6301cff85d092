// `http-response` and `http-after-response` rules of the two sections that a response passes: the backend's first, then the
// frontend's (manual, 4.2).
import type { Verdict } from '../rules/compile.ts';
import type { HttpTransaction } from './transaction.ts';

/** The verdict that ends the response, if any. */
export function applyResponseRules(tx: HttpTransaction): Verdict | undefined {
  const { http, backendHttp } = tx;
  const own = http.rules.response;
  if (backendHttp !== http && backendHttp.rules.response !== undefined) {
    const verdict = backendHttp.rules.response(tx.context);
    if (verdict !== undefined && verdict.kind !== 'allow') return verdict;
  }
  if (own === undefined) return undefined;
  const verdict = own(tx.context);
  return verdict === undefined || verdict.kind === 'allow' ? undefined : verdict;
}

/** These run on every response, the proxy's own included; their `allow` ends the section's rules only. */
export function applyAfterResponse(tx: HttpTransaction): void {
  const { http, backendHttp } = tx;
  if (backendHttp !== http && backendHttp.rules.afterResponse !== undefined)
    backendHttp.rules.afterResponse(tx.context);
  if (http.rules.afterResponse !== undefined) http.rules.afterResponse(tx.context);
}
