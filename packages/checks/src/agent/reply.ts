// What an agent says (manual 5.2 "agent-check"): words behind each other, separated by blanks and commas, up to the end of
// the line; a `#` that begins a word begins a description. The last word of a kind counts. Pure; unknown words, and what is
// said of them, as HAProxy 2.6.12 takes them: `down#reason` in one piece is none of its words.

export type AgentAdmin = 'ready' | 'drain' | 'maint';

export interface AgentReply {
  readonly admin: AgentAdmin | undefined;
  /** `75%`, as written. */
  readonly weight: string | undefined;
  /** What followed `maxconn:`. */
  readonly maxconn: string | undefined;
  /** As written: `up`, `Down`, `fail`, `stopped`. */
  readonly health: { readonly word: string; readonly says: 'up' | 'down' } | undefined;
  /** The first word that is none. */
  readonly unknown: string | undefined;
  readonly description: string;
}

const HEALTH: Readonly<Record<string, 'up' | 'down'>> = { up: 'up', down: 'down', fail: 'down', stopped: 'down' };
const ADMIN: ReadonlySet<string> = new Set(['ready', 'drain', 'maint']);
const MAXCONN = 'maxconn:';

/** `line` without its end. */
export function parseAgentReply(line: string): AgentReply {
  const description = /(?:^|[ \t,])#(.*)$/.exec(line);
  const words = (description === null ? line : line.slice(0, description.index)).split(/[ \t,]+/);
  let admin: AgentAdmin | undefined;
  let weight: string | undefined;
  let maxconn: string | undefined;
  let health: AgentReply['health'];
  let unknown: string | undefined;
  for (const word of words) {
    const lower = word.toLowerCase();
    const says = Object.hasOwn(HEALTH, lower) ? HEALTH[lower] : undefined;
    if (word === '') continue;
    if (says !== undefined) health = { word, says };
    else if (ADMIN.has(lower)) admin = lower as AgentAdmin;
    else if (/^\d.*%/.test(word)) weight = word;
    else if (lower.startsWith(MAXCONN)) maxconn = word.slice(MAXCONN.length);
    else unknown ??= word;
  }
  return { admin, weight, maxconn, health, unknown, description: description?.[1].replace(/^[ \t]+/, '') ?? '' };
}

/** A number, or the words that HAProxy's `set server` commands say too, without the line end that would break a table. */
export type Parsed = { readonly value: number } | { readonly fault: string };

const MAX_WEIGHT = 256;

/** `75%` of the weight that the server began with, never more than the greatest weight; `75` is a weight. */
export function parseWeight(text: string, initialWeight: number): Parsed {
  if (text === '') return { fault: 'Require <weight> or <weight%>.' };
  const match = /^(-?\d+)(%?)(.*)$/s.exec(text);
  if (match === null) return { fault: 'Empty weight string empty or preceded by garbage' };
  const [, digits, percent, rest] = match;
  if (rest !== '') return { fault: 'Trailing garbage in weight string' };
  const number = Number(digits);
  if (percent === '') {
    return number < 0 || number > MAX_WEIGHT
      ? { fault: 'Absolute weight can only be between 0 and 256 inclusive.' }
      : { value: number };
  }
  return number < 0
    ? { fault: 'Relative weight must be positive.' }
    : { value: Math.min(Math.floor((initialWeight * number) / 100), MAX_WEIGHT) };
}

export function parseMaxconn(text: string): Parsed {
  if (text === '') return { fault: 'Require <maxconn>.' };
  const match = /^(-?\d+)(.*)$/s.exec(text);
  if (match === null) return { fault: 'maxconn string empty or preceded by garbage' };
  return match[2] === '' ? { value: Math.max(0, Number(match[1])) } : { fault: 'Trailing garbage in maxconn string' };
}
