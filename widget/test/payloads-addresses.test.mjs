// Hostile addresses, in every way that Markdown and HTML name one.
import { testFamilies } from "./payloads.scene.mjs";

testFamilies("address", "web address");
