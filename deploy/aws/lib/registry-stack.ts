// Where the images of the services are kept. It stands before everything that runs them.

import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import * as ecr from "aws-cdk-lib/aws-ecr";
import type { Construct } from "constructs";

import { SERVICES, type Service } from "./settings.ts";

export class RegistryStack extends Stack {
  constructor(scope: Construct, id: string, name: string, props: StackProps) {
    super(scope, id, props);
    for (const service of SERVICES) {
      new ecr.Repository(this, service, {
        repositoryName: repositoryName(name, service),
        // A tag names one image for ever, so that a rollback is what ran before.
        imageTagMutability: ecr.TagMutability.IMMUTABLE,
        imageScanOnPush: true,
        encryption: ecr.RepositoryEncryption.AES_256,
        lifecycleRules: [{ description: "the newest ten can be gone back to", maxImageCount: 10 }, { rulePriority: 1, tagStatus: ecr.TagStatus.UNTAGGED, maxImageAge: Duration.days(1) }],
        removalPolicy: RemovalPolicy.DESTROY,
        emptyOnDelete: true,
      });
    }
  }
}

/** Returns the repository of a service's images. */
export function repositoryName(name: string, service: Service): string {
  return `${name}/${service}`;
}
