// Hostile markup: what would run, and what would send the conversation elsewhere.
import { testFamilies } from "./payloads.scene.mjs";

testFamilies("tag", "leak");
