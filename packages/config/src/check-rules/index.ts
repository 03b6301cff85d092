/** Rules of health checks: `http-check`, `tcp-check` and the request of `option httpchk`. */

export { readConnect } from './connect.ts';
export { readExpect } from './expect.ts';
export {
  addRequest,
  addStep,
  buildRuleset,
  inheritCheckRules,
  initialCheckRules,
  unusedRules,
  type CheckRulesDraft,
} from './ruleset.ts';
export { emptyHttpSend, readHttpSend, readSend } from './send.ts';
export { readVariable } from './variables.ts';
export { CheckWords } from './words.ts';
