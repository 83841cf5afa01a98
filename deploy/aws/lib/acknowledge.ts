// Findings of cdk-nag that stand, each with its reason.

import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Notes that a finding at these constructs stands, and why. */
export function acknowledge(constructs: IConstruct | IConstruct[], id: string | string[], reason: string): void {
  const rules = Array.isArray(id) ? id : [id];
  for (const construct of Array.isArray(constructs) ? constructs : [constructs]) {
    Validations.of(construct).acknowledge(...rules.map((rule) => ({ id: rule, reason })));
  }
}
