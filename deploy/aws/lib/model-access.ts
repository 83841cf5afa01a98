// Which models and profiles may be called, by ARN.

import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";

/** Regions to which the inference profiles of a part of the world may lead a call. */
const DESTINATIONS: Record<string, string[]> = {
  us: ["us-east-1", "us-east-2", "us-west-2"],
  eu: ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"],
  apac: ["ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2"],
  jp: ["ap-northeast-1", "ap-northeast-3"],
};

/** Returns the ARNs that must be allowed for this model: the model's, or the profile's and the model's wherever it may run. */
export function modelArns(stack: Stack, id: string): string[] {
  const split = /^(us|eu|apac|jp|global)\.(.+)$/.exec(id);
  if (!split) return [`arn:aws:bedrock:${stack.region}::foundation-model/${id}`];
  const [, area, model] = split;
  const profile = `arn:aws:bedrock:${stack.region}:${stack.account}:inference-profile/${id}`;
  // A global profile may run anywhere, and says so with an ARN that has no region.
  const regions = area === "global" ? [stack.region, ""] : DESTINATIONS[area];
  return [profile, ...regions.map((region) => `arn:aws:bedrock:${region}::foundation-model/${model}`)];
}

/** Allows texts to be embedded. */
export function embedding(stack: Stack, id: string): iam.PolicyStatement {
  return new iam.PolicyStatement({ sid: "Embed", actions: ["bedrock:InvokeModel"], resources: modelArns(stack, id) });
}

/** Allows answers to be written, in a stream. */
export function writing(stack: Stack, ids: string[]): iam.PolicyStatement {
  const resources = [...new Set(ids.filter((id) => id !== "none").flatMap((id) => modelArns(stack, id)))];
  return new iam.PolicyStatement({ sid: "Write", actions: ["bedrock:InvokeModelWithResponseStream"], resources });
}

/** Allows scans to be read. Textract knows no resources, so none can be named. */
export function reading(): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: "ReadScans",
    actions: [
      "textract:AnalyzeDocument",
      "textract:DetectDocumentText",
      "textract:GetDocumentAnalysis",
      "textract:GetDocumentTextDetection",
      "textract:StartDocumentAnalysis",
      "textract:StartDocumentTextDetection",
    ],
    resources: ["*"],
  });
}
