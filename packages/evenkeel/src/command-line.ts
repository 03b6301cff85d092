/**
 * HAProxy's command line (management manual, section 3) as data. Pure: text in, options or an error out. What each option
 * means to this program is decided by its consumers; options that have no meaning here carry their reason in
 * `ACCEPTED_OPTIONS` so that the start can say it once.
 */

export interface CommandLine {
  readonly command: 'run' | 'check' | 'evaluate' | 'version' | 'build-options' | 'usage';
  /** Files and directories of `-f` and `--`, in order. */
  readonly files: readonly string[];
  /** `-C`: directory to change to before anything is read. */
  readonly directory: string | undefined;
  /** `-cc`: the condition to evaluate. */
  readonly condition: string | undefined;
  /** `-d`: foreground, whatever the file says. */
  readonly debug: boolean;
  /** `-db`: foreground. */
  readonly foreground: boolean;
  /** `-D`. */
  readonly daemon: boolean;
  /** `-W`, or `-Ws` with notification of the service manager. */
  readonly masterWorker: 'off' | 'on' | 'notify';
  /** `-q` */
  readonly quiet: boolean;
  /** `-V` */
  readonly verbose: boolean;
  /** `-dW` */
  readonly zeroWarning: boolean;
  /** `--strict`, our own: as `-dW`, and advice about what HAProxy says nothing of is fatal too. */
  readonly strict: boolean;
  /** `-dD` */
  readonly diagnostic: boolean;
  /** `-dK`: classes of keywords to print. */
  readonly keywordClasses: readonly string[] | undefined;
  /** `-dL`: print the shared libraries that are loaded. */
  readonly dumpLibraries: boolean;
  /** `-dr`: server names that do not resolve do not stop the start. */
  readonly ignoreResolution: boolean;
  /** `-n`: process-wide connection limit; wins over `maxconn`. */
  readonly maxconn: number | undefined;
  /** `-N`: default limit of a frontend. */
  readonly proxyMaxconn: number | undefined;
  readonly localPeer: string | undefined;
  readonly pidFile: string | undefined;
  /** `-S`: address and options of the master's runtime socket, as written. */
  readonly masterSocket: string | undefined;
  /** `-sf`, `-st`: what to send to older processes once this one serves. */
  readonly replaces: { readonly signal: 'SIGUSR1' | 'SIGTERM'; readonly pids: readonly number[] } | undefined;
  /** Options given that change nothing here, in order. */
  readonly withoutEffect: readonly string[];
}

export type CommandLineResult =
  | { readonly ok: true; readonly options: CommandLine }
  | { readonly ok: false; readonly message: string };

/** Options that HAProxy has and that mean nothing to this program, with the reason. */
export const ACCEPTED_OPTIONS: Readonly<Record<string, string>> = {
  '-dM': 'memory is managed by the JavaScript engine, so it is not poisoned',
  '-de': 'the event loop is libuv, which uses epoll on Linux',
  '-dp': 'the event loop is libuv, which does not use poll on Linux',
  '-dk': 'the event loop is libuv, which uses epoll on Linux',
  '-dS': 'splice is not used',
  '-dG': 'names are resolved by getaddrinfo; use numeric addresses to avoid it',
  '-dR': 'threads share a listener by SO_REUSEPORT',
  '-m': 'the engine reserves far more address space than it uses; limit memory by MemoryMax= of systemd or by a cgroup',
  '-x': 'a new process binds beside the older one, which then drains, so no listener has to change hands',
  '-dV': 'TLS to servers is configured on the `server` line with `verify none`',
};

type Mutable = { -readonly [Key in keyof CommandLine]: CommandLine[Key] };

/** Parses the arguments after the program's name. */
export function parseCommandLine(argv: readonly string[]): CommandLineResult {
  const files: string[] = [];
  const options: Mutable = {
    command: 'run',
    files,
    directory: undefined,
    condition: undefined,
    debug: false,
    foreground: false,
    daemon: false,
    masterWorker: 'off',
    quiet: false,
    verbose: false,
    zeroWarning: false,
    strict: false,
    diagnostic: false,
    keywordClasses: undefined,
    dumpLibraries: false,
    ignoreResolution: false,
    maxconn: undefined,
    proxyMaxconn: undefined,
    localPeer: undefined,
    pidFile: undefined,
    masterSocket: undefined,
    replaces: undefined,
    withoutEffect: [],
  };

  let index = 0;
  const fail = (message: string): CommandLineResult => ({ ok: false, message });
  /** The value that must follow an option. */
  const value = (): string | undefined => {
    const next = argv[index + 1];
    if (next === undefined || next === '') return undefined;
    index++;
    return next;
  };

  for (; index < argv.length; index++) {
    const option = argv[index];
    if (option === '--') {
      files.push(...argv.slice(index + 1));
      break;
    }
    if (!option.startsWith('-') || option === '-')
      return fail(`unexpected argument '${option}'; files are given with -f`);

    switch (option) {
      case '-v':
        options.command = 'version';
        return { ok: true, options };
      case '-vv':
        options.command = 'build-options';
        return { ok: true, options };
      case '-h':
      case '--help':
        options.command = 'usage';
        return { ok: true, options };
      case '-c':
        options.command = 'check';
        continue;
      case '-d':
        options.debug = true;
        continue;
      case '-db':
        options.foreground = true;
        continue;
      case '-D':
        options.daemon = true;
        continue;
      case '-W':
        options.masterWorker = 'on';
        continue;
      case '-Ws':
        options.masterWorker = 'notify';
        continue;
      case '-q':
        options.quiet = true;
        continue;
      case '-V':
        options.verbose = true;
        options.quiet = false;
        continue;
      case '-dW':
        options.zeroWarning = true;
        continue;
      case '--strict':
        options.strict = true;
        continue;
      case '-dD':
        options.diagnostic = true;
        continue;
      case '-dL':
        options.dumpLibraries = true;
        continue;
      case '-dr':
        options.ignoreResolution = true;
        continue;
      case '-sf':
      case '-st': {
        const pids: number[] = [];
        while (argv[index + 1] !== undefined && !argv[index + 1].startsWith('-')) {
          const pid = Number(argv[++index]);
          if (!Number.isSafeInteger(pid) || pid <= 0)
            return fail(`'${option}' expects process numbers, not '${argv[index]}'`);
          pids.push(pid);
        }
        options.replaces = { signal: option === '-sf' ? 'SIGUSR1' : 'SIGTERM', pids };
        continue;
      }
    }

    if (option.startsWith('-dK')) {
      options.keywordClasses = option
        .slice(3)
        .split(',')
        .filter((name) => name !== '');
      continue;
    }
    const accepted = option.startsWith('-dM') ? '-dM' : option;
    if (accepted in ACCEPTED_OPTIONS && !(accepted in VALUE_OPTIONS)) {
      options.withoutEffect = [...options.withoutEffect, accepted];
      continue;
    }

    const reader = VALUE_OPTIONS[option];
    if (reader === undefined) return fail(`unknown option '${option}'`);
    const text = value();
    if (text === undefined) return fail(`'${option}' expects ${reader.expects}`);
    const problem = reader.read(options, files, text);
    if (problem !== undefined) return fail(`'${option}' expects ${reader.expects}, not '${problem}'`);
  }

  if (options.command === 'run' && files.length === 0) options.command = 'usage';
  return { ok: true, options };
}

interface ValueOption {
  readonly expects: string;
  /** Stores the value; returns the offending text where it does not fit. */
  read(options: Mutable, files: string[], text: string): string | undefined;
}

function positiveInteger(store: (options: Mutable, number: number) => void, expects: string): ValueOption {
  return {
    expects,
    read(options, _files, text) {
      if (!/^\d{1,9}$/.test(text)) return text;
      store(options, Number(text));
      return undefined;
    },
  };
}

function word(store: (options: Mutable, text: string) => void, expects: string): ValueOption {
  return {
    expects,
    read(options, _files, text) {
      store(options, text);
      return undefined;
    },
  };
}

/** An option whose value is read and not used. */
function withoutEffect(option: string, expects: string): ValueOption {
  return {
    expects,
    read(options) {
      options.withoutEffect = [...options.withoutEffect, option];
      return undefined;
    },
  };
}

const VALUE_OPTIONS: Readonly<Record<string, ValueOption>> = {
  '-f': {
    expects: 'a file or directory',
    read(_options, files, text) {
      files.push(text);
      return undefined;
    },
  },
  '-C': word((options, text) => (options.directory = text), 'a directory'),
  '-L': word((options, text) => (options.localPeer = text), 'a peer name'),
  '-p': word((options, text) => (options.pidFile = text), 'a file'),
  '-S': word((options, text) => (options.masterSocket = text), 'an address'),
  '-x': withoutEffect('-x', 'the path of a Unix socket'),
  '-cc': word((options, text) => {
    options.command = 'evaluate';
    options.condition = text;
  }, 'a condition'),
  '-n': positiveInteger((options, number) => (options.maxconn = number), 'a number of connections'),
  '-N': positiveInteger((options, number) => (options.proxyMaxconn = number), 'a number of connections'),
  '-m': withoutEffect('-m', 'a number of megabytes'),
};
