// Required before the bootstrap by `kiln debug --wait`: nothing of the function runs before a debugger is there.
'use strict';
// Node.js's thread that loads modules, and the function's workers, require this, too.
if (require('node:worker_threads').isMainThread) require('node:inspector').waitForDebugger();
