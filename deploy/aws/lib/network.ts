// The network: public subnets for what calls out, closed ones for the database, the shared state and the inner load balancer. No NAT:
// a gateway would cost more than everything else together. What stands in a public subnet lets nobody in from the internet.

import { RemovalPolicy, Stack } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import type { Tier } from "./config.ts";

export class Network extends Construct {
  readonly vpc: ec2.Vpc;
  readonly public: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PUBLIC };
  readonly closed: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };

  constructor(scope: Construct, id: string, tier: Tier) {
    super(scope, id);
    const open = { name: "public", subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false };
    const closed = { name: "closed", subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 };
    this.vpc = new ec2.Vpc(this, "Vpc", {
      ipAddresses: ec2.IpAddresses.cidr("10.42.0.0/16"),
      // One host is in one zone, and so is its volume.
      availabilityZones: Stack.of(this).availabilityZones.slice(0, tier === "starter" ? 1 : 2),
      natGateways: 0,
      subnetConfiguration: tier === "starter" ? [open] : [open, closed],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    const group = new logs.LogGroup(this, "Refused", { retention: logs.RetentionDays.ONE_WEEK, removalPolicy: RemovalPolicy.DESTROY });
    this.vpc.addFlowLog("RefusedConnections", {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(group),
      trafficType: ec2.FlowLogTrafficType.REJECT,
    });
  }

  /** Returns a group that lets nobody in and everybody out. */
  group(id: string, description: string): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: true });
  }

  /** Returns a group that lets nobody in or out. */
  closedGroup(id: string, description: string): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }
}
