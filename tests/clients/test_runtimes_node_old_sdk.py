"""Versions of the AWS SDK for JavaScript that read no AWS_ENDPOINT_URL, as packages and in bundles."""

import pytest


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
