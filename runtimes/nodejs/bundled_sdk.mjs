// Lets versions of the AWS SDK for JavaScript that don't read AWS_ENDPOINT_URL (2, and 3 before 3.451) reach it out of
// a bundle, too, where no module of theirs is left to open: their requests for AWS, which name the version, go to it.
// Loaded only where the handler's file has an SDK in it.
import { createRequire, syncBuiltinESMExports } from 'node:module';

import { FIRST_THAT_READS } from './old_sdk.mjs';

const require = createRequire(import.meta.url);
const AWS = /(^|\.)amazonaws\.com(\.cn)?$/;
// Domains of resources: who signs a request to one of them with version 2's AWS.HttpRequest means that one.
const OF_A_RESOURCE = /\.(execute-api|appsync-api|es|aoss|iot|data\.iot)\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;
const VERSION_2 = /^aws-sdk-nodejs\/2\./;
const VERSION_3 = /(?:^| )aws-sdk-js\/3\.(\d+)\./;

function endpoint() {
  if (/^true$/i.test(process.env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '')) return undefined;
  try {
    const url = new URL(process.env.AWS_ENDPOINT_URL);
    return url.protocol === 'http:' ? url : undefined;
  } catch {
    return undefined;
  }
}

function isOfOldSdk({ hostname, host, headers }) {
  const name = String(hostname ?? host ?? '').replace(/:\d+$/, '');
  if (!AWS.test(name) || OF_A_RESOURCE.test(name)) return false;
  const agent = Object.entries(headers ?? {}).find(([header]) => header.toLowerCase() === 'user-agent')?.[1];
  const minor = VERSION_3.exec(agent)?.[1];
  return VERSION_2.test(agent) || (minor !== undefined && Number(minor) < FIRST_THAT_READS);
}

export function install() {
  const http = require('node:http');
  const https = require('node:https');
  const overTls = https.request;
  https.request = function request(options, ...rest) {
    const url = typeof options === 'object' && options !== null && !(options instanceof URL) && isOfOldSdk(options) ? endpoint() : undefined;
    if (url === undefined) return overTls.call(this, options, ...rest);
    // The Host header stays: it tells Kiln the service and the bucket.
    const { hostname, port } = url;
    const headers = { host: options.hostname ?? options.host, ...options.headers };
    return http.request({ ...options, headers, protocol: 'http:', host: hostname, hostname, port: port || 80, agent: undefined }, ...rest);
  };
  syncBuiltinESMExports();
}
