/** What the process may have: a runtime that carries it, processors, descriptors for its connections. */

import { descriptorBudget } from '@evenkeel/control/descriptor-budget';
import type { Facts, Machine } from './facts.ts';
import { error, ok, warning, type Finding } from './finding.ts';

/** The oldest Node.js that runs evenkeel (package.json, "engines"). */
const OLDEST_NODE = 24;
/** Fewer connections than this are a surprise to whoever reads nothing about descriptors. */
const FEW_CONNECTIONS = 1000;

export function examineLimits(facts: Facts): readonly Finding[] {
  return [...runtime(facts.machine), threads(facts), ...descriptors(facts)];
}

function runtime({ nativeRefusal, nodeVersion }: Machine): readonly Finding[] {
  const isOld = Number.parseInt(nodeVersion, 10) < OLDEST_NODE;
  return [
    isOld
      ? error(
          'node',
          `This is Node.js ${nodeVersion}.`,
          `evenkeel needs Node.js ${OLDEST_NODE} or newer`,
          'start it by its own launcher, scripts/evenkeel, which brings its Node.js',
        )
      : ok('node', `Node.js ${nodeVersion}.`),
    nativeRefusal === undefined
      ? ok('native', 'The C library can be called.')
      : warning(
          'native',
          `The C library cannot be called: ${nativeRefusal.why}.`,
          'options of sockets, changes of the user, and limits of descriptors do not work without it',
          nativeRefusal.remedy,
        ),
  ];
}

function threads({ config, machine: { cpus } }: Facts): Finding {
  const wanted = config?.global.nbthread;
  if (wanted === undefined) return ok('threads', `${cpus} processors, so as many data threads.`);
  if (wanted <= cpus) return ok('threads', `nbthread ${wanted} with ${cpus} processors.`);
  return warning(
    'threads',
    `nbthread ${wanted} is more than the ${cpus} processors that the process may use.`,
    'threads that wait for each other answer later, and none answers more',
    `write 'nbthread ${cpus}', or leave it out`,
  );
}

function descriptors({ config, machine }: Facts): readonly Finding[] {
  const { hard } = machine.descriptors;
  const most = machine.raisesLimits ? Math.max(hard, systemLimit(machine)) : hard;
  if (config === undefined) return [ok('descriptors', `At most ${figure(most)} descriptors.`)];
  const budget = descriptorBudget(config, config.global.nbthread ?? machine.cpus);
  const fitting = budget.connectionsWithin(most);
  const asked = config.global.maxconn;
  if (asked === undefined) {
    const what = `At most ${figure(most)} descriptors: without 'maxconn', ${figure(fitting)} connections fit.`;
    if (fitting >= FEW_CONNECTIONS) return [ok('descriptors', what)];
    return [
      warning('descriptors', what, 'further clients wait until one leaves', moreDescriptors(FEW_CONNECTIONS * 4)),
    ];
  }
  const needed = config.global.ulimitN ?? budget.descriptorsFor(asked);
  if (most < needed) {
    const what = `'maxconn ${asked}' needs ${needed} descriptors and at most ${figure(most)} are allowed.`;
    return [
      config.global.strictLimits
        ? error('descriptors', what, 'the start is refused (strict-limits)', moreDescriptors(needed))
        : warning('descriptors', what, `maxconn is lowered to ${fitting}`, moreDescriptors(needed)),
    ];
  }
  if (asked > fitting) {
    return [
      warning(
        'descriptors',
        `'maxconn ${asked}' does not quite fit into ${figure(most)} descriptors: what the threads need themselves leaves room for ${fitting}.`,
        `maxconn is lowered to ${fitting}`,
        moreDescriptors(budget.descriptorsWithReserve(asked)),
      ),
    ];
  }
  return [ok('descriptors', `'maxconn ${asked}' fits into ${figure(most)} descriptors.`)];
}

function systemLimit({ sysctls }: Machine): number {
  return Number(sysctls['fs.nr_open'] ?? 0);
}

function moreDescriptors(count: number): string {
  return `LimitNOFILE=${count} in the unit of systemd, or: ulimit -n ${count}`;
}

const figure = (count: number): string => (Number.isFinite(count) ? String(count) : 'any number of');
