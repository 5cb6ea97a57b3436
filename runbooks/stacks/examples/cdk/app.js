// A small real app: a function with its code in a folder (a CDK asset), a table, and the right to read it.
const { App, CfnOutput, CliCredentialsStackSynthesizer, RemovalPolicy, Stack } = require("aws-cdk-lib");
const dynamodb = require("aws-cdk-lib/aws-dynamodb");
const lambda = require("aws-cdk-lib/aws-lambda");

const app = new App();
const stack = new Stack(app, "Lookup", {
  // The assets go where assets.yaml has made a bucket for them, and no bootstrap stack is asked for.
  synthesizer: new CliCredentialsStackSynthesizer({
    fileAssetsBucketName: "cdk-assets-${AWS::AccountId}-${AWS::Region}",
  }),
});
const table = new dynamodb.Table(stack, "Notes", {
  partitionKey: { name: "id", type: dynamodb.AttributeType.STRING },
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  removalPolicy: RemovalPolicy.DESTROY,
});
const lookup = new lambda.Function(stack, "Find", {
  functionName: "lookup-find",
  runtime: lambda.Runtime.PYTHON_3_12,
  handler: "index.handler",
  code: lambda.Code.fromAsset("lookup"),
  environment: { TABLE: table.tableName },
});
table.grantReadData(lookup);
new CfnOutput(stack, "FunctionName", { value: lookup.functionName });
