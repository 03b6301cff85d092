/**
 * Which samples exist where: the sources that fetches draw from, the check points of a configuration, and their matrix. It is
 * the matrix that `haproxy -dKsmp` prints, one row per source instead of one per fetch.
 */

import type { EvaluationPlace, RulePhase } from '../expression-scope.ts';
import type { SectionKind } from '../model.ts';

/** What a fetch needs, by the names that HAProxy's messages use. */
export type SampleSource =
  | 'constants'
  | 'internal state'
  | 'frontend'
  | 'client address'
  | 'client-side connection'
  | 'request buffer'
  | 'HTTP request headers'
  | 'HTTP request'
  | 'backend'
  | 'server'
  | 'server address'
  | 'server-side connection'
  | 'response buffer'
  | 'HTTP response headers'
  | 'HTTP response'
  | 'HTTP response statistics';

/** Check points by the names that HAProxy's messages use, in the order of the matrix's columns. */
export const CHECK_POINTS = [
  'frontend tcp-request connection rule',
  'frontend tcp-request session rule',
  'frontend tcp-request content rule',
  'frontend http-request header rule',
  'frontend http-request body rule',
  'frontend use-backend rule',
  'backend tcp-request content rule',
  'backend http-request header rule',
  'backend http-request body rule',
  'backend use-server, balance or stick-match rule',
  'server source selection',
  'backend tcp-response content rule',
  'backend http-response header rule',
  'backend http-response body rule',
  'backend stick-store rule',
  'frontend tcp-response content rule',
  'frontend http-response header rule',
  'frontend http-response body rule',
  'logs',
  'backend tcp-check rule',
  'configuration parser',
  'CLI parser',
] as const;

export type CheckPoint = (typeof CHECK_POINTS)[number];

/** A set of check points: bit n is column n. */
export type PlaceMask = number;

const MATRIX: Readonly<Record<SampleSource, PlaceMask>> = {
  constants: row('YYYYYYYYYYYYYYYYYYYYYY'),
  'internal state': row('YYYYYYYYYYYYYYYYYYYY.Y'),
  frontend: row('YYYYYYYYYYYYYYYYYYY...'),
  'client address': row('YYYYYYYYYYYYYYYYYYYY..'),
  'client-side connection': row('.YYYYYYYYYYYYYYYYYY...'),
  'request buffer': row('..YYYYYYYYY...........'),
  'HTTP request headers': row('..YYYYYYYYY...........'),
  'HTTP request': row('..YYYYYYYYYYYYYYYYY...'),
  backend: row('......YYYYYYYYYYYYYY..'),
  server: row('..........YYYYYYYYYY..'),
  'server address': row('...........YYYYYYYYY..'),
  'server-side connection': row('...........YYYYYYYYY..'),
  'response buffer': row('...........YYYYYYY.Y..'),
  'HTTP response headers': row('...........YYYYYYY.Y..'),
  'HTTP response': row('...........YYYYYYYYY..'),
  // The cache answers before a server is chosen, so what it says is known from there on.
  'HTTP response statistics': row('..........YYYYYYYYYY..'),
};

function row(columns: string): PlaceMask {
  let mask = 0;
  for (let index = 0; index < columns.length; index++) if (columns[index] === 'Y') mask |= 1 << index;
  return mask;
}

/** Places in which a fetch that draws from any of `sources` can be used. */
export function placesOf(sources: readonly SampleSource[]): PlaceMask {
  return sources.reduce((mask, source) => mask | MATRIX[source], 0);
}

/** What messages call a source; two kinds of HTTP response data share a name. */
export function sourceName(source: SampleSource): string {
  return source === 'HTTP response statistics' ? 'HTTP response' : source;
}

/** What messages call the places in `mask`: HAProxy names the first alone. */
export function placeName(mask: PlaceMask): string {
  return CHECK_POINTS.find((_, index) => (mask & (1 << index)) !== 0) ?? '';
}

/** Places where HAProxy does not judge: a declaration may be used anywhere, and `monitor fail` and `http-error` are never checked. */
type Unjudged = 'acl' | 'monitor fail' | 'http-error';

/** Columns of a place in the frontend and in the backend part of a proxy. */
const PHASES: Readonly<Record<RulePhase, { frontend?: CheckPoint; backend?: CheckPoint }>> = {
  'tcp-request connection': { frontend: 'frontend tcp-request connection rule' },
  'tcp-request session': { frontend: 'frontend tcp-request session rule' },
  'tcp-request content': { frontend: 'frontend tcp-request content rule', backend: 'backend tcp-request content rule' },
  'http-request': { frontend: 'frontend http-request header rule', backend: 'backend http-request header rule' },
  'tcp-response content': { backend: 'backend tcp-response content rule' },
  'http-response': { frontend: 'frontend http-response header rule', backend: 'backend http-response header rule' },
  'http-after-response': {
    frontend: 'frontend http-response header rule',
    backend: 'backend http-response header rule',
  },
};

const SINGLE_PLACES: Readonly<
  Record<Exclude<EvaluationPlace, RulePhase | Unjudged>, { frontend?: CheckPoint; backend?: CheckPoint }>
> = {
  use_backend: { frontend: 'frontend use-backend rule' },
  'use-server': { backend: 'backend use-server, balance or stick-match rule' },
  'log-format': { frontend: 'logs', backend: 'logs' },
  'log-format-sd': { frontend: 'logs', backend: 'logs' },
  'error-log-format': { frontend: 'logs', backend: 'logs' },
  'unique-id-format': { frontend: 'frontend http-request header rule', backend: 'backend http-request header rule' },
  'http-check': { frontend: 'backend tcp-check rule', backend: 'backend tcp-check rule' },
  'tcp-check': { frontend: 'backend tcp-check rule', backend: 'backend tcp-check rule' },
  global: { frontend: 'configuration parser', backend: 'configuration parser' },
};

/**
 * Check points of `place` in a section: a `listen` or `defaults` has those of both sides, and a sample that exists on one of
 * them is accepted. Undefined where samples are not judged.
 */
export function placeMask(place: EvaluationPlace, section: SectionKind): PlaceMask | undefined {
  if (place === 'acl' || place === 'monitor fail' || place === 'http-error') return undefined;
  const columns =
    place in PHASES
      ? PHASES[place as RulePhase]
      : SINGLE_PLACES[place as Exclude<EvaluationPlace, RulePhase | Unjudged>];
  let mask = 0;
  if (section !== 'backend' && columns.frontend !== undefined) mask |= 1 << CHECK_POINTS.indexOf(columns.frontend);
  if (section !== 'frontend' && columns.backend !== undefined) mask |= 1 << CHECK_POINTS.indexOf(columns.backend);
  return mask;
}
