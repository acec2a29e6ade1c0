// Lets versions of the AWS SDK for JavaScript that don't read AWS_ENDPOINT_URL (2, and 3 before 3.451) read it, too:
// otherwise they would call AWS itself. Loaded only where such a package may be.
import fs from 'node:fs';
import Module from 'node:module';
import path from 'node:path';

export const FIRST_THAT_READS = 451;

function endpointOf(service) {
  if (/^true$/i.test(process.env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '')) return undefined;
  const own = `AWS_ENDPOINT_URL_${String(service).toUpperCase().replace(/[ -]/g, '_')}`;
  return process.env[own] || process.env.AWS_ENDPOINT_URL || undefined;
}

// Version 2: the class of all clients. What the program says about an endpoint counts.
function openVersion2(sdk) {
  const { prototype } = sdk.Service;
  const { initialize } = prototype;
  prototype.initialize = function initializeWithEndpoint(config) {
    const said = config?.endpoint ?? sdk.config[this.serviceIdentifier]?.endpoint ?? sdk.config.endpoint;
    const endpoint = said ? undefined : endpointOf(this.api?.serviceId ?? this.serviceIdentifier);
    if (endpoint === undefined) return initialize.call(this, config);
    // A bucket can't be a part of an address such as 127.0.0.1.
    const more = { endpoint, s3ForcePathStyle: config?.s3ForcePathStyle ?? true };
    return initialize.call(this, Object.assign(Object.create(Object.getPrototypeOf(config ?? {})), config, more));
  };
}

function readsNothing(client) {
  try {
    const { version } = JSON.parse(fs.readFileSync(path.join(client, 'package.json'), 'utf8'));
    const [major, minor] = version.split('.').map(Number);
    return major === 3 && minor < FIRST_THAT_READS;
  } catch {
    return false;
  }
}

// Version 3: the settings with which each client of a package begins.
function openVersion3(settings) {
  const { getRuntimeConfig } = settings;
  settings.getRuntimeConfig = (given) => {
    const config = getRuntimeConfig(given);
    const endpoint = config.endpoint ?? endpointOf(config.serviceId);
    return endpoint === undefined ? config : { ...config, endpoint };
  };
}

const CLIENT = /^(.*[\\/]@aws-sdk[\\/]client-[^\\/]+)[\\/]dist-cjs[\\/][^\\/]+$/;

export function install() {
  const load = Module._load;
  const opened = new WeakSet();
  const once = (found, open) => {
    if (opened.has(found)) return;
    opened.add(found);
    open(found);
  };
  Module._load = function loadWithEndpoint(request, parent, ...rest) {
    const found = load.call(this, request, parent, ...rest);
    if (found?.Service?.prototype?.initialize && found.config && /^2\./.test(found.VERSION)) {
      once(found, openVersion2);
    } else if (request === './runtimeConfig' && typeof found?.getRuntimeConfig === 'function') {
      const client = CLIENT.exec(parent?.filename ?? '')?.[1];
      if (client !== undefined && readsNothing(client)) once(found, openVersion3);
    }
    return found;
  };
}
