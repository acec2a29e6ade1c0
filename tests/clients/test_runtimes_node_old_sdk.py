"""Versions of the AWS SDK for JavaScript that read no AWS_ENDPOINT_URL, as packages and in bundles."""

import contextlib

import pytest

from doubles import Receiver

OLD_SDK_2 = """
const sdk = module.exports = { VERSION: '2.1692.0', config: {} };
sdk.Service = function Service(config) { this.serviceIdentifier = 's3'; this.api = { serviceId: 'S3' }; this.initialize(config); };
sdk.Service.prototype = { initialize(config) { this.endpoint = config?.endpoint ?? sdk.config.endpoint ?? 'aws'; } };
"""
OLD_SDK_3 = {
    "dist-cjs/index.js": "const { getRuntimeConfig } = require('./runtimeConfig');\n"
                         "exports.S3Client = class { constructor(config) { this.endpoint = getRuntimeConfig(config ?? {}).endpoint ?? 'aws'; } };\n",
    "dist-cjs/runtimeConfig.js": "exports.getRuntimeConfig = (config) => ({ serviceId: 'S3', ...config });\n",
}
ENDPOINTS = """
export const handler = async (variables) => {
  Object.assign(process.env, variables);
  const made = (config) => new Client(config).endpoint;
  return [made(), made({ endpoint: 'http://mine' })];
};
"""


BUNDLE = """
REQUEST
const sent = (options) => new Promise((done) => {
  const call = request({ port: 443, method: 'GET', path: '/2015-03-31/functions/', agent: new Agent(), ...options }, (response) => {
    let text = '';
    response.on('data', (more) => (text += more)).on('end', () => done([response.statusCode, 'Functions' in JSON.parse(text)]));
  });
  call.on('error', () => done('error')).end();
  // What goes to AWS isn't sent.
  if (call.protocol === 'https:') {
    done('aws');
    call.destroy();
  }
});
const agents = ['aws-sdk-nodejs/2.1692.0 linux/v20', 'aws-sdk-js/3.450.0 ua/2.0', 'aws-sdk-js/3.451.0 ua/2.0', 'curl/8'];
HANDLER async (variables) => {
  Object.assign(process.env, variables);
  const out = [];
  for (const agent of agents) out.push(await sent({ hostname: 'lambda.eu-west-1.amazonaws.com', headers: { 'user-agent': agent } }));
  out.push(await sent({ hostname: 'localhost.invalid', headers: { 'User-Agent': agents[0] } }));
  return out;
};
"""
BUNDLES = {
    "index.js": BUNDLE.replace("REQUEST", "const { Agent, request } = require('https');").replace("HANDLER", "exports.handler ="),
    "index.mjs": BUNDLE.replace("REQUEST", "import { Agent, request } from 'node:https';").replace("HANDLER", "export const handler ="),
}


@pytest.mark.parametrize("file", BUNDLES)
def test_an_old_sdk_in_a_bundle_finds_kiln_too(kiln, name, file):
    """No module is left there to open: the requests that name such a version go to Kiln."""
    kiln.create(name, {file: BUNDLES[file]}, runtime="nodejs20.x")
    assert kiln.invoke(name, {})["Body"] == [[200, True], [200, True], "aws", "aws", "aws"]
    assert kiln.invoke(name, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"})["Body"] == ["aws"] * 5


SPLIT = {
    "CommonJS": {"index.js": "const lib = require('./lib/client');\nexports.handler = lib.handler;", "lib/client.js": BUNDLES["index.js"]},
    "ESM": {"index.mjs": "import{h}from\"./chunk-A1.mjs\";export{h as handler};", "chunk-A1.mjs": "const a = await import('./chunk-B2.mjs');\nexport const h = a.handler;",
            "chunk-B2.mjs": BUNDLES["index.mjs"]},
}


@pytest.mark.parametrize("kind", SPLIT)
def test_an_old_sdk_in_another_file_of_a_bundle_finds_kiln(kiln, name, kind):
    kiln.create(name, SPLIT[kind], runtime="nodejs20.x")
    assert kiln.invoke(name, {})["Body"] == [[200, True], [200, True], "aws", "aws", "aws"]


ASKS = """
import { request } from 'node:https';
// aws-sdk-js
const sent = ([hostname, agent]) => new Promise((done) => {
  const call = request({ port: 443, path: '/2015-03-31/functions/', hostname, headers: { 'User-Agent': agent } }, (response) => {
    response.resume().on('end', () => done(response.statusCode));
  });
  call.on('error', () => done('refused')).end();
});
export const handler = async ({ variables, requests }) => {
  Object.assign(process.env, variables);
  const out = [];
  for (const each of requests) out.push(await sent(each));
  return out;
};
"""


def test_an_old_sdk_in_a_bundle_reads_the_endpoint_of_its_service(kiln, name):
    """A bundle's requests for a service whose variable names a server go there, and the others to AWS_ENDPOINT_URL."""
    kiln.create(name, {"index.mjs": ASKS}, runtime="nodejs20.x")
    old2, old3 = "aws-sdk-nodejs/2.1692.0 linux/v20", "aws-sdk-js/3.400.0 ua/2.0 os/linux api/SERVICE#3.400.0"
    with contextlib.closing(Receiver()) as other:
        for variable, host, agent in [
            ("S3", "bucket.s3.eu-west-1.amazonaws.com", old2),
            ("S3", "s3-eu-west-1.amazonaws.com", old2),
            ("S3", "s3.amazonaws.com", old3.replace("SERVICE", "s3")),
            ("CLOUDWATCH_LOGS", "logs.eu-west-1.amazonaws.com", old2),
            ("CLOUDWATCH_LOGS", "logs.eu-west-1.amazonaws.com", old3.replace("SERVICE", "cloudwatch-logs")),
            ("DYNAMODB", "dynamodb.eu-west-1.amazonaws.com", old2),
        ]:
            lambda_host = ["lambda.eu-west-1.amazonaws.com", agent.replace("api/", "x/")]
            asked = {"variables": {f"AWS_ENDPOINT_URL_{variable}": other.url}, "requests": [[host, agent], lambda_host]}
            before = other.received.qsize()
            assert kiln.invoke(name, asked)["Body"] == [200, 200], (variable, host, agent)
            assert other.received.qsize() == before + 1, (variable, host, agent)


@pytest.mark.parametrize("module", ["import sdk from 'aws-sdk';\nconst Client = sdk.Service;", "import { S3Client as Client } from '@aws-sdk/client-s3';"])
@pytest.mark.parametrize("version, reads", [("3.450.0", True), ("3.451.0", False)])
def test_an_old_sdk_finds_kiln_too(kiln, name, module, version, reads):
    """Before 3.451 the AWS SDK for JavaScript reads no AWS_ENDPOINT_URL and would call AWS. Newer ones read it themselves."""
    package = {"aws-sdk/package.json": '{"main": "lib/aws.js"}', "aws-sdk/lib/aws.js": "module.exports = require('./core');", "aws-sdk/lib/core.js": OLD_SDK_2}
    package |= {f"@aws-sdk/client-s3/{file}": text for file, text in OLD_SDK_3.items()}
    package["@aws-sdk/client-s3/package.json"] = f'{{"version": "{version}", "main": "dist-cjs/index.js"}}'
    reads = reads or "'aws-sdk'" in module
    kiln.create(name, {"index.mjs": module + ENDPOINTS, **{f"node_modules/{file}": text for file, text in package.items()}}, runtime="nodejs20.x")
    assert kiln.invoke(name, {})["Body"] == [kiln.url if reads else "aws", "http://mine"]
    assert kiln.invoke(name, {"AWS_ENDPOINT_URL_S3": "http://s3"})["Body"] == ["http://s3" if reads else "aws", "http://mine"]
    assert kiln.invoke(name, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"})["Body"] == ["aws", "http://mine"]
