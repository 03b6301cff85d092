/** What the tests of this package share. */

import assert from 'node:assert/strict';
import { memoryHost, type MemoryHostOptions } from './memory-host.ts';
import type { Config, Proxy } from './model.ts';
import { parseConfig, type ParseResult } from './parse.ts';
import { haproxyText } from './render.ts';

/** Reads one text as file `t.cfg`. A line feed is put at its end. */
export function read(text: string, options: MemoryHostOptions = {}): ParseResult {
  return parseConfig([{ name: 't.cfg', text: text.endsWith('\n') ? text : `${text}\n` }], memoryHost(options));
}

/** The model of a text that must have no error. */
export function valid(text: string, options: MemoryHostOptions = {}): Config {
  const { config, diagnostics } = read(text, options);
  assert.ok(config !== undefined, diagnostics.map(haproxyText).join('\n'));
  return config;
}

/** The findings of a text as HAProxy writes them: "ALERT parsing [t.cfg:2] : …", first lines only. */
export function findings(text: string, options: MemoryHostOptions = {}): readonly string[] {
  return read(text, options).diagnostics.map(
    (diagnostic) => `${diagnostic.severity.toUpperCase()} ${haproxyText(diagnostic).split('\n')[0]}`,
  );
}

/** Timeouts, so that warnings about missing ones stay away. */
export const TIMEOUTS = 'defaults\n timeout client 1s\n timeout connect 1s\n timeout server 1s\n';

/** The only proxy of a text that is `defaults` with timeouts, a section head and statements. */
export function proxyOf(head: string, statements: readonly string[], options: MemoryHostOptions = {}): Proxy {
  return valid(`${TIMEOUTS} mode http\n${head}\n ${statements.join('\n ')}`, options).proxies[0];
}

/** Findings of statements of one proxy, which begin at line 7. */
export function proxyFindings(
  head: string,
  statements: readonly string[],
  options: MemoryHostOptions = {},
): readonly string[] {
  return findings(`${TIMEOUTS} mode http\n${head}\n ${statements.join('\n ')}`, options);
}
