/**
 * Builds what is published, since Node runs TypeScript only outside of node_modules: the modules that the program and its
 * threads load as JavaScript, and one package `evenkeel` that brings the others of the workspace with it.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = resolve(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? join(root, 'dist'));
const compiled = join(target, 'compiled');

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
execFileSync(
  process.execPath,
  [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(root, 'scripts/tsconfig.build.json'),
    '--outDir',
    compiled,
  ],
  { stdio: 'inherit' },
);

const own: PackageJson[] = [];
for (const folder of readdirSync(compiled)) {
  const described = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as PackageJson;
  own.push(described);
  const place = described.name === 'evenkeel' ? target : join(target, 'node_modules', described.name);
  mkdirSync(dirname(place), { recursive: true });
  mkdirSync(place, { recursive: true });
  renameSync(join(compiled, folder, 'src'), join(place, 'src'));
  writeJson(join(place, 'package.json'), {
    ...described,
    exports: Object.fromEntries(
      Object.entries(described.exports).map(([entry, file]) => [entry, file.replace(/\.ts$/, '.js')]),
    ),
  });
}
rmSync(compiled, { recursive: true });

const program = own.find(({ name }) => name === 'evenkeel');
if (program === undefined) throw new Error('the program itself was not compiled');
const bundled = own.filter((each) => each !== program);
const foreign = Object.fromEntries(
  own
    .flatMap(({ dependencies = {} }) => Object.entries(dependencies))
    .filter(([name]) => !own.some((each) => each.name === name)),
);
writeJson(join(target, 'package.json'), {
  name: program.name,
  version: program.version,
  description:
    'A highly available proxy: the work of HAProxy and keepalived in one daemon, configured by a haproxy.cfg',
  license: program.license,
  type: 'module',
  bin: { evenkeel: './bin/evenkeel.js' },
  exports: { './package.json': './package.json' },
  engines: { node: '>=24' },
  os: ['linux'],
  dependencies: { ...foreign, ...Object.fromEntries(bundled.map(({ name, version }) => [name, version])) },
  bundleDependencies: bundled.map(({ name }) => name),
});
mkdirSync(join(target, 'bin'));
writeFileSync(
  join(target, 'bin/evenkeel.js'),
  `#!/usr/bin/env -S node --disable-sigusr1\nimport { enableCompileCache } from 'node:module';\nenableCompileCache();\nawait import('../src/entry.js');\n`,
);
chmodSync(join(target, 'bin/evenkeel.js'), 0o755);
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) copyIfThere(file);
console.log(`built ${program.name} ${program.version} in ${target}`);

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

function copyIfThere(file: string): void {
  if (readdirSync(root).includes(file)) cpSync(join(root, file), join(target, file));
}
