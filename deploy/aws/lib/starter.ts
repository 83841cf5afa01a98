// The starter tier: one small Graviton host with the four services in one task. They share the host's network and meet on its loopback
// address; only the gateway's port is open, to CloudFront's addresses alone. The embedded store lies on a volume of its own that outlives
// the host: a new host takes it over, together with the address.

import { Fn, RemovalPolicy, Size, Stack } from "aws-cdk-lib";
import * as autoscaling from "aws-cdk-lib/aws-autoscaling";
import * as dlm from "aws-cdk-lib/aws-dlm";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import type { Config } from "./config.ts";
import type { Containers } from "./containers.ts";
import { hostRole } from "./host-role.ts";
import { HOST_FOLDER, hostScript } from "./host-script.ts";
import type { Network } from "./network.ts";
import { PORTS, SERVICES } from "./settings.ts";

export interface StarterProps {
  config: Config;
  network: Network;
  cluster: ecs.Cluster;
  containers: Containers;
  /** Id of AWS's list of CloudFront's addresses in this region. */
  cloudFrontList: string;
}

export class Starter extends Construct {
  readonly service: ecs.Ec2Service;
  /** The host's own name, which CloudFront calls. */
  readonly hostName: string;
  readonly address: string;

  constructor(scope: Construct, id: string, props: StarterProps) {
    super(scope, id);
    const { config, network, cluster, containers } = props;
    const subnet = network.vpc.publicSubnets[0];
    const volume = new ec2.Volume(this, "Store", {
      availabilityZone: subnet.availabilityZone,
      size: Size.gibibytes(config.storage.volumeGib),
      volumeType: ec2.EbsDeviceVolumeType.GP3,
      encrypted: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    this.snapshots(volume, config.name);
    const address = new ec2.CfnEIP(this, "Address", { domain: "vpc", tags: [{ key: "Name", value: config.name }] });
    this.address = address.ref;
    this.hostName = config.origin?.name ?? publicName(this, address.ref);

    const group = network.group("HostGroup", "the host: CloudFront comes in, at the one port of the gateway");
    group.addIngressRule(ec2.Peer.prefixList(props.cloudFrontList), ec2.Port.tcp(PORTS.http), "CloudFront");
    const host = this.host(config, network, subnet, group, volume, address, cluster);
    const capacity = this.capacity(cluster, host);

    const task = new ecs.Ec2TaskDefinition(this, "Task", { networkMode: ecs.NetworkMode.HOST });
    task.addVolume({ name: "data", host: { sourcePath: HOST_FOLDER } });
    containers.fill(task, [...SERVICES], {
      hasData: true,
      isBounded: true,
      ports: { gateway: { containerPort: PORTS.http, hostPort: PORTS.http } },
    });
    acknowledge(task, "AwsSolutions-ECS7", "every container of the task has a log");
    this.service = new ecs.Ec2Service(this, "Service", {
      cluster: ecs.Cluster.fromClusterAttributes(this, "Hosts", { clusterName: cluster.clusterName, vpc: network.vpc, hasEc2Capacity: true }),
      taskDefinition: task,
      capacityProviderStrategies: [{ capacityProvider: capacity.capacityProvider, weight: 1 }],
      desiredCount: 1,
      // The store has one writer and the ports one holder: the old task ends before the new one starts.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      circuitBreaker: { enable: true, rollback: true },
      enableECSManagedTags: true,
    });
    this.service.node.addDependency(capacity.association);
  }

  /** Ties host and cluster together, so that ECS ends the task in peace before a host goes. */
  private capacity(cluster: ecs.Cluster, host: autoscaling.AutoScalingGroup): { capacityProvider: string; association: Construct } {
    const provider = new ecs.CfnCapacityProvider(this, "Capacity", {
      autoScalingGroupProvider: {
        autoScalingGroupArn: host.autoScalingGroupName,
        managedDraining: "ENABLED",
        managedScaling: { status: "DISABLED" },
        managedTerminationProtection: "DISABLED",
      },
    });
    const association = new ecs.CfnClusterCapacityProviderAssociations(this, "Association", {
      cluster: cluster.clusterName,
      capacityProviders: [provider.ref],
      defaultCapacityProviderStrategy: [{ capacityProvider: provider.ref, weight: 1 }],
    });
    return { capacityProvider: provider.ref, association };
  }

  private host(
    config: Config, network: Network, subnet: ec2.ISubnet, securityGroup: ec2.ISecurityGroup, volume: ec2.Volume, address: ec2.CfnEIP,
    cluster: ecs.Cluster,
  ): autoscaling.AutoScalingGroup {
    const stack = Stack.of(this);
    const role = hostRole(this, volume, address, cluster);
    const userData = ec2.UserData.forLinux();
    userData.addCommands(...hostScript({ region: stack.region, volume: volume.volumeId, allocation: address.attrAllocationId, cluster: cluster.clusterName }));
    const group = new autoscaling.AutoScalingGroup(this, "Host", {
      vpc: network.vpc,
      vpcSubnets: { subnets: [subnet] },
      instanceType: new ec2.InstanceType(config.capacity.hostType),
      machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.ARM),
      associatePublicIpAddress: true,
      requireImdsv2: true,
      role,
      securityGroup,
      userData,
      minCapacity: 1,
      maxCapacity: 1,
      // The old host lets go of the volume before the new one asks for it.
      updatePolicy: autoscaling.UpdatePolicy.rollingUpdate({ maxBatchSize: 1, minInstancesInService: 0 }),
      blockDevices: [{ deviceName: "/dev/xvda", volume: autoscaling.BlockDeviceVolume.ebs(30, { encrypted: true, volumeType: autoscaling.EbsDeviceVolumeType.GP3 }) }],
    });
    acknowledge(group, "AwsSolutions-AS3", "the alarms tell of a host that is gone; a mail for each replacement would tell nothing more");
    return group;
  }

  /** A snapshot every night, kept for a week. */
  private snapshots(volume: ec2.Volume, name: string): void {
    const tag = { key: "chatbot-store", value: name };
    (volume.node.defaultChild as ec2.CfnVolume).tags.setTag(tag.key, tag.value);
    const stack = Stack.of(this);
    const role = new iam.Role(this, "SnapshotRole", { assumedBy: new iam.ServicePrincipal("dlm.amazonaws.com") });
    role.addToPolicy(
      new iam.PolicyStatement({
        sid: "Snapshot",
        actions: ["ec2:CreateSnapshot", "ec2:CreateTags", "ec2:DeleteSnapshot"],
        resources: [`arn:aws:ec2:${stack.region}:${stack.account}:volume/${volume.volumeId}`, `arn:aws:ec2:${stack.region}::snapshot/*`],
      }),
    );
    role.addToPolicy(new iam.PolicyStatement({ sid: "Look", actions: ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"], resources: ["*"] }));
    const reason = "descriptions know no resources, and a snapshot has no name before it is made";
    acknowledge(role, ["AwsSolutions-IAM5[Resource::*]", `AwsSolutions-IAM5[Resource::arn:aws:ec2:${stack.region}::snapshot/*]`], reason);
    new dlm.CfnLifecyclePolicy(this, "Snapshots", {
      description: `${name} - the embedded store every night`,
      state: "ENABLED",
      executionRoleArn: role.roleArn,
      policyDetails: {
        policyType: "EBS_SNAPSHOT_MANAGEMENT",
        resourceTypes: ["VOLUME"],
        targetTags: [tag],
        schedules: [{ name: "nightly", createRule: { interval: 24, intervalUnit: "HOURS", times: ["03:15"] }, retainRule: { count: 7 }, copyTags: true }],
      },
    });
  }
}

/** Returns the name that AWS gives to an address. */
function publicName(scope: Construct, address: string): string {
  const region = Stack.of(scope).region;
  const zone = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return Fn.join("", ["ec2-", Fn.join("-", Fn.split(".", address)), `.${zone}.amazonaws.com`]);
}
