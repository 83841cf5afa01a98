// Prints the code that a page shows the chat with, or a whole page to try it: embed.ts snippet|page CONFIG ADDRESS KEY

import { readConfig } from "../lib/config.ts";
import { page, snippet } from "../lib/embedding.ts";

const [what, path, address, key] = process.argv.slice(2);
const config = readConfig(path);
process.stdout.write(what === "page" ? page(config, address, key) : snippet(config, address, key));
