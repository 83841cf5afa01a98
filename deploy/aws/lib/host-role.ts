// What the starter tier's host may do: be a host of its cluster, and take its volume and its address. The services have a role of their own.

import { Stack } from "aws-cdk-lib";
import type * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";

/** Returns the role. */
export function hostRole(scope: Construct, volume: ec2.Volume, address: ec2.CfnEIP, cluster: ecs.Cluster): iam.Role {
  const { region, account } = Stack.of(scope);
  const role = new iam.Role(scope, "HostRole", { assumedBy: new iam.ServicePrincipal("ec2.amazonaws.com") });
  const own = (kind: string, id: string): string => `arn:aws:ec2:${region}:${account}:${kind}/${id}`;
  const [instances, interfaces] = [own("instance", "*"), own("network-interface", "*")];
  const hosts = `arn:aws:ecs:${region}:${account}:container-instance/${cluster.clusterName}/*`;
  const statements: iam.PolicyStatementProps[] = [
    { sid: "TakeVolume", actions: ["ec2:AttachVolume"], resources: [instances, own("volume", volume.volumeId)] },
    { sid: "TakeAddress", actions: ["ec2:AssociateAddress"], resources: [instances, interfaces, own("elastic-ip", address.attrAllocationId)] },
    { sid: "Join", actions: ["ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance"], resources: [cluster.clusterArn] },
    {
      sid: "BeHost",
      actions: ["ecs:Poll", "ecs:StartTelemetrySession", "ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange", "ecs:UpdateContainerInstancesState"],
      resources: [hosts, cluster.clusterArn],
    },
    { sid: "FindCluster", actions: ["ecs:DiscoverPollEndpoint"], resources: ["*"] },
  ];
  for (const statement of statements) role.addToPolicy(new iam.PolicyStatement(statement));
  const reason = "a host does not know its own id before it runs; volume, address and cluster are named, and finding the cluster's endpoint knows no resources";
  const clusterId = Stack.of(scope).getLogicalId(cluster.node.defaultChild as ecs.CfnCluster);
  const broad = [
    `arn:aws:ec2:${region}:<AWS::AccountId>:instance/*`,
    `arn:aws:ec2:${region}:<AWS::AccountId>:network-interface/*`,
    `arn:aws:ecs:${region}:<AWS::AccountId>:container-instance/<${clusterId}>/*`,
    "*",
  ];
  acknowledge(role, broad.map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`), reason);
  return role;
}
