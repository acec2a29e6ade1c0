// Lets versions of the AWS SDK for JavaScript that don't read AWS_ENDPOINT_URL (2, and 3 before 3.451) reach it out of
// a bundle, too, where no module of theirs is left to open: their requests for AWS, which name the version, go to it.
// Loaded only where a file of the package has an SDK in it.
import { createRequire, syncBuiltinESMExports } from 'node:module';

import { FIRST_THAT_READS } from './old_sdk.mjs';

const require = createRequire(import.meta.url);
const AWS = /(^|\.)amazonaws\.com(\.cn)?$/;
// Domains of resources: who signs a request to one of them with version 2's AWS.HttpRequest means that one.
const OF_A_RESOURCE = /\.(execute-api|appsync-api|es|aoss|iot|data\.iot)\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;
const VERSION_2 = /^aws-sdk-nodejs\/2\./;
const VERSION_3 = /(?:^| )aws-sdk-js\/3\.(\d+)\./;

// Version 3's name of the service: api/cloudwatch-logs#3.400.0, or with a slash before 3.300.
const API = /(?:^| )api\/([a-z0-9_-]+)[#/]/i;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
// Variables have the services' ids. These hosts have another name.
const IDS = {
  'apigateway': 'API_GATEWAY', 'application-autoscaling': 'APPLICATION_AUTO_SCALING', 'autoscaling': 'AUTO_SCALING',
  'cognito-idp': 'COGNITO_IDENTITY_PROVIDER', 'elasticloadbalancing': 'ELASTIC_LOAD_BALANCING', 'email': 'SES',
  'events': 'EVENTBRIDGE', 'logs': 'CLOUDWATCH_LOGS', 'monitoring': 'CLOUDWATCH', 'secretsmanager': 'SECRETS_MANAGER',
  'states': 'SFN', 'streams.dynamodb': 'DYNAMODB_STREAMS', 'tagging': 'RESOURCE_GROUPS_TAGGING_API',
};

// BUCKET.s3.REGION.amazonaws.com, s3-REGION.amazonaws.com
function serviceOf(host, agent) {
  const said = API.exec(agent)?.[1];
  if (said !== undefined) return said.toUpperCase().replaceAll('-', '_');
  const labels = host.replace(AWS, '').split('.').filter((label) => !REGION.test(label));
  const last = labels.at(-1) ?? '';
  if (/^s3(-|$)/.test(last)) return 'S3';
  return IDS[labels.join('.')] ?? IDS[last] ?? last.toUpperCase().replaceAll('-', '_');
}

function endpointOf(service) {
  if (/^true$/i.test(process.env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '')) return undefined;
  try {
    const url = new URL(process.env[`AWS_ENDPOINT_URL_${service}`] || process.env.AWS_ENDPOINT_URL);
    return /^https?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

// Where a request of an old SDK for AWS goes instead; undefined: it is none, or nothing is said.
function endpointFor({ hostname, host, headers }) {
  const name = String(hostname ?? host ?? '').replace(/:\d+$/, '');
  if (!AWS.test(name) || OF_A_RESOURCE.test(name)) return undefined;
  const agent = Object.entries(headers ?? {}).find(([header]) => header.toLowerCase() === 'user-agent')?.[1];
  const minor = VERSION_3.exec(agent)?.[1];
  const isOld = VERSION_2.test(agent) || (minor !== undefined && Number(minor) < FIRST_THAT_READS);
  return isOld ? endpointOf(serviceOf(name, agent)) : undefined;
}

export function install() {
  const http = require('node:http');
  const https = require('node:https');
  const overTls = https.request;
  https.request = function request(options, ...rest) {
    const url = typeof options === 'object' && options !== null && !(options instanceof URL) ? endpointFor(options) : undefined;
    if (url === undefined) return overTls.call(this, options, ...rest);
    // The Host header stays: it tells Kiln the service and the bucket.
    const { hostname, port, protocol } = url;
    const headers = { host: options.hostname ?? options.host, ...options.headers };
    const there = { ...options, headers, protocol, host: hostname, hostname };
    if (protocol === 'https:') return overTls.call(this, { ...there, servername: hostname, port: port || 443 }, ...rest);
    return http.request({ ...there, port: port || 80, agent: undefined }, ...rest);
  };
  syncBuiltinESMExports();
}
