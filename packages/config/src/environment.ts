/**
 * The environment as the configuration sees and changes it: a copy of the process's, the variables that HAProxy defines
 * itself (manual section 2.3), and the pseudo-variables of the place that is being read.
 */

import type { ConfigHost } from './host.ts';

export class Environment {
  readonly variables = new Map<string, string>();
  /** Of the line that is being read. */
  file = '';
  line = 0;
  section = '';

  constructor(host: ConfigHost, files: readonly string[]) {
    for (const [name, value] of Object.entries(host.env)) {
      if (value !== undefined) this.variables.set(name, value);
    }
    this.variables.set('HAPROXY_CFGFILES', files.join(';'));
    this.variables.set('HAPROXY_STARTUP_VERSION', host.version);
    if (!this.variables.has('HAPROXY_LOCALPEER')) this.variables.set('HAPROXY_LOCALPEER', host.hostname);
  }

  /** A variable for quoted words; pseudo-variables begin with a dot. */
  readonly lookUp = (name: string): string | undefined => {
    switch (name) {
      case '.FILE':
        return this.file;
      case '.LINE':
        return String(this.line);
      case '.SECTION':
        return this.section;
      default:
        return this.variables.get(name);
    }
  };
}
