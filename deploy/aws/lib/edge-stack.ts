// What must stand in us-east-1, wherever the chatbot runs: the firewall in front of CloudFront, and the budget.

import { ArnFormat, CfnOutput, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as budgets from "aws-cdk-lib/aws-budgets";
import * as logs from "aws-cdk-lib/aws-logs";
import * as wafv2 from "aws-cdk-lib/aws-wafv2";
import type { Construct } from "constructs";

import type { Config } from "./config.ts";

/** Requests of one address in five minutes. One page needs about ten; the gateway has limits of its own for questions. */
const REQUESTS = 500;

/** Rules that look for markup and addresses in bodies: a question may hold either, and nothing ever runs it. */
const COUNTED = ["SizeRestrictions_BODY", "GenericRFI_BODY", "CrossSiteScripting_BODY"];

export class EdgeStack extends Stack {
  readonly webAclArn: string;

  constructor(scope: Construct, id: string, config: Config, props: StackProps) {
    super(scope, id, props);
    const acl = new wafv2.CfnWebACL(this, "Firewall", {
      name: config.name,
      scope: "CLOUDFRONT",
      defaultAction: { allow: {} },
      visibilityConfig: seen(config.name),
      rules: [
        managed(0, "AWSManagedRulesAmazonIpReputationList", []),
        managed(1, "AWSManagedRulesCommonRuleSet", COUNTED),
        managed(2, "AWSManagedRulesKnownBadInputsRuleSet", []),
        {
          name: "rate",
          priority: 3,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: { rateBasedStatement: { limit: REQUESTS, evaluationWindowSec: 300, aggregateKeyType: "IP" } },
          visibilityConfig: seen("rate"),
        },
      ],
    });
    const group = new logs.LogGroup(this, "Blocked", {
      // WAF writes only to groups whose name begins so.
      logGroupName: `aws-waf-logs-${config.name}`,
      retention: logs.RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new wafv2.CfnLoggingConfiguration(this, "Log", {
      resourceArn: acl.attrArn,
      logDestinationConfigs: [this.formatArn({ service: "logs", resource: "log-group", resourceName: group.logGroupName, arnFormat: ArnFormat.COLON_RESOURCE_NAME })],
      redactedFields: [{ singleHeader: { Name: "authorization" } }, { singleHeader: { Name: "x-api-key" } }, { queryString: {} }],
      loggingFilter: {
        DefaultBehavior: "DROP",
        Filters: [{ Behavior: "KEEP", Requirement: "MEETS_ANY", Conditions: [{ ActionCondition: { Action: "BLOCK" } }, { ActionCondition: { Action: "COUNT" } }] }],
      },
    });
    this.budget(config);
    this.webAclArn = acl.attrArn;
    new CfnOutput(this, "WebAclArn", { value: acl.attrArn });
  }

  private budget(config: Config): void {
    const subscribers = [{ subscriptionType: "EMAIL", address: config.business.contactEmail }];
    const notice = (notificationType: string, threshold: number) => ({
      notification: { notificationType, comparisonOperator: "GREATER_THAN", threshold, thresholdType: "PERCENTAGE" },
      subscribers,
    });
    new budgets.CfnBudget(this, "Budget", {
      budget: {
        budgetName: config.name,
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetLimit: { amount: config.budget.dollarsPerMonth, unit: "USD" },
      },
      notificationsWithSubscribers: [notice("ACTUAL", 80), notice("ACTUAL", 100), notice("FORECASTED", 100)],
    });
  }
}

function managed(priority: number, name: string, counted: string[]): wafv2.CfnWebACL.RuleProperty {
  const ruleActionOverrides = counted.map((rule) => ({ name: rule, actionToUse: { count: {} } }));
  return {
    name,
    priority,
    overrideAction: { none: {} },
    statement: { managedRuleGroupStatement: { vendorName: "AWS", name, ...(counted.length > 0 ? { ruleActionOverrides } : {}) } },
    visibilityConfig: seen(name),
  };
}

function seen(metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}
