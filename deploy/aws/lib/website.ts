// One address for everything: the website's files from their bucket, the chat from the gateways, WebSocket included.

import { Duration } from "aws-cdk-lib";
import * as cloudfront from "aws-cdk-lib/aws-cloudfront";
import * as origins from "aws-cdk-lib/aws-cloudfront-origins";
import type * as elb from "aws-cdk-lib/aws-elasticloadbalancingv2";
import type * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import { PORTS } from "./settings.ts";

/** Paths that the gateway answers; everything else is a file of the website. */
export const GATEWAY_PATHS = [
  "/ws", "/chat", "/feedback", "/handoff", "/v1/*", "/documents/*", "/documents.css", "/smallbiz.chatbot.v1.Chat/*",
  "/docs", "/docs.css", "/openapi.json", "/asyncapi.json",
];

export type Origin = { balancer: elb.ApplicationLoadBalancer } | { hostName: string; isEncrypted: boolean };

export class Website extends Construct {
  readonly distribution: cloudfront.Distribution;

  constructor(scope: Construct, id: string, name: string, files: s3.IBucket, origin: Origin, webAclId: string) {
    super(scope, id);
    // The first word may take 20 seconds, and the gateway says something every 30 at the latest.
    const waits = { readTimeout: Duration.seconds(60), keepaliveTimeout: Duration.seconds(60) };
    const gateway = "balancer" in origin
      ? origins.VpcOrigin.withApplicationLoadBalancer(origin.balancer, {
          ...waits, vpcOriginName: name, httpPort: 80, protocolPolicy: cloudfront.OriginProtocolPolicy.HTTP_ONLY,
        })
      : new origins.HttpOrigin(origin.hostName, {
          ...waits,
          httpPort: PORTS.http,
          httpsPort: PORTS.http,
          protocolPolicy: origin.isEncrypted ? cloudfront.OriginProtocolPolicy.HTTPS_ONLY : cloudfront.OriginProtocolPolicy.HTTP_ONLY,
          originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
        });
    const chat: cloudfront.BehaviorOptions = {
      origin: gateway,
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
      // With the headers of the WebSocket's handshake, the page's origin and the key.
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER,
      compress: false,
    };
    this.distribution = new cloudfront.Distribution(this, "Distribution", {
      comment: name,
      defaultRootObject: "index.html",
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      priceClass: cloudfront.PriceClass.PRICE_CLASS_100,
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      webAclId,
      defaultBehavior: {
        origin: origins.S3BucketOrigin.withOriginAccessControl(files),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        // Pages of other sites load the widget's words.
        responseHeadersPolicy: cloudfront.ResponseHeadersPolicy.CORS_ALLOW_ALL_ORIGINS_WITH_PREFLIGHT_AND_SECURITY_HEADERS,
        compress: true,
      },
      additionalBehaviors: Object.fromEntries(GATEWAY_PATHS.map((path) => [path, chat])),
    });
    acknowledge(this.distribution, "AwsSolutions-CFR1", "a business serves whoever visits its website");
    acknowledge(this.distribution, "AwsSolutions-CFR3", "its log would keep the addresses of visitors; the gateway logs requests without them");
    acknowledge(this.distribution, "AwsSolutions-CFR4", "CloudFront's own name takes CloudFront's own certificate, whose versions of TLS it sets itself");
    if ("balancer" in origin) {
      acknowledge(this.distribution, "AwsSolutions-CFR5", "the VPC origin is a private way inside AWS's network; the balancer has no name to hold a certificate for");
    } else if (!origin.isEncrypted) {
      acknowledge(this.distribution, ["AwsSolutions-CFR5", "AwsSolutions-CFR6"], "without a name of its own the host can hold no certificate; `origin` in config.json gives it one");
    }
  }
}
