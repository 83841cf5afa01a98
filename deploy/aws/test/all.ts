// Every test in one process, so that each tier is synthesized once.

import "./access.test.ts";
import "./config.test.ts";
import "./data.test.ts";
import "./services.test.ts";
import "./templates.test.ts";
