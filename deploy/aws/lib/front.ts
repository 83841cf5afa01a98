// The load balancer of the tiers that have one. It is inside: only CloudFront reaches it, over a VPC origin, and it alone reaches gateways.

import { Duration } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as elb from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import type { Network } from "./network.ts";
import { DRAIN_SECONDS, PORTS } from "./settings.ts";

export class Front extends Construct {
  readonly balancer: elb.ApplicationLoadBalancer;
  /** Group of the gateways' tasks: the balancer comes in, nobody else. */
  readonly gateways: ec2.SecurityGroup;
  readonly targets: elb.ApplicationTargetGroup;

  constructor(scope: Construct, id: string, network: Network, cloudFrontList: string) {
    super(scope, id);
    const group = network.closedGroup("BalancerGroup", "the inner load balancer: CloudFront comes in");
    this.gateways = network.group("GatewayGroup", "gateways: the load balancer comes in");
    group.addIngressRule(ec2.Peer.prefixList(cloudFrontList), ec2.Port.tcp(80), "CloudFront");
    group.addEgressRule(this.gateways, ec2.Port.tcp(PORTS.http), "gateways");
    this.gateways.addIngressRule(group, ec2.Port.tcp(PORTS.http), "the load balancer");
    this.balancer = new elb.ApplicationLoadBalancer(this, "Balancer", {
      vpc: network.vpc,
      vpcSubnets: network.closed,
      internetFacing: false,
      securityGroup: group,
      dropInvalidHeaderFields: true,
      // Longer than the gateway's pings of 30 seconds, and than its longest wait between two words.
      idleTimeout: Duration.seconds(120),
    });
    // CloudFront takes an origin only in a network that has a way to the internet.
    this.balancer.node.addDependency(network.vpc.internetConnectivityEstablished);
    this.targets = new elb.ApplicationTargetGroup(this, "Gateways", {
      vpc: network.vpc,
      port: PORTS.http,
      protocol: elb.ApplicationProtocol.HTTP,
      targetType: elb.TargetType.IP,
      deregistrationDelay: Duration.seconds(DRAIN_SECONDS),
      healthCheck: { path: "/readyz", interval: Duration.seconds(10), timeout: Duration.seconds(5), healthyThresholdCount: 2, unhealthyThresholdCount: 6 },
    });
    this.balancer.addListener("Http", { port: 80, protocol: elb.ApplicationProtocol.HTTP, open: false, defaultTargetGroups: [this.targets] });
    acknowledge(this.balancer, "AwsSolutions-ELB2", "its log would keep the addresses of visitors; the gateway logs requests without them");
    acknowledge(this.balancer, "AwsSolutions-EC23", "CloudFront's addresses only, inside the network");
  }

  /** Puts the gateways of this service behind it. */
  serve(service: ecs.FargateService): void {
    this.targets.addTarget(service.loadBalancerTarget({ containerName: "gateway", containerPort: PORTS.http }));
  }
}
