// What the starter tier's host does when it first starts: take the volume and the address, and only then let ECS begin.

import { USER } from "./prepare.ts";

/** Folder of the host that the services see as `/data`; it is on the volume, never on the host's own disk. */
export const HOST_FOLDER = "/mnt/chatbot/data";

export interface Host {
  region: string;
  /** Id of the volume with the store. */
  volume: string;
  /** Id of the address's allocation. */
  allocation: string;
  cluster: string;
}

/** Returns the lines of the script, in bash. */
export function hostScript({ region, volume, allocation, cluster }: Host): string[] {
  return [
    "set -euo pipefail",
    // ECS starts after this script. Without the volume it must not: the store would begin empty on the host's own disk.
    "trap 'systemctl mask ecs' ERR",
    `export AWS_DEFAULT_REGION=${region} VOLUME=${volume} ALLOCATION=${allocation}`,
    "command -v aws >/dev/null || dnf install -qy awscli-2",
    "token=$(curl -sfX PUT -H 'x-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)",
    'instance=$(curl -sf -H "x-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)',
    'aws ec2 associate-address --allocation-id "$ALLOCATION" --instance-id "$instance" --allow-reassociation',
    // The host that this one replaces may still hold it.
    'for try in $(seq 60); do aws ec2 attach-volume --volume-id "$VOLUME" --instance-id "$instance" --device /dev/sdf && break; [ "$try" -lt 60 ]; sleep 5; done',
    'device="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}"',
    'for try in $(seq 60); do [ -e "$device" ] && break; [ "$try" -lt 60 ]; sleep 2; done',
    "mkdir -p /mnt/chatbot",
    // Without -f a disk that holds anything is refused, so that nothing is ever formatted over.
    'mount "$device" /mnt/chatbot || { mkfs.xfs "$device" && mount "$device" /mnt/chatbot; }',
    "xfs_growfs /mnt/chatbot",
    'echo "$device /mnt/chatbot xfs defaults,nofail 0 2" >> /etc/fstab',
    `mkdir -p ${HOST_FOLDER}`,
    // Whenever ECS starts: never without the volume, and the services, which share the host's network, cannot borrow the host's role.
    "mkdir -p /etc/systemd/system/ecs.service.d",
    `printf '[Unit]\\nRequiresMountsFor=/mnt/chatbot\\n[Service]\\nExecStartPre=/usr/sbin/iptables -I OUTPUT -m owner --uid-owner ${USER} -d 169.254.169.254/32 -j DROP\\n' > /etc/systemd/system/ecs.service.d/chatbot.conf`,
    "systemctl daemon-reload",
    `echo ECS_CLUSTER=${cluster} >> /etc/ecs/ecs.config`,
    "echo ECS_IMAGE_PULL_BEHAVIOR=prefer-cached >> /etc/ecs/ecs.config",
  ];
}
