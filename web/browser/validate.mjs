// Judges pages as HTML: reads [{"url","html"}] and writes [{"url","rule","line","message"}].
import { HtmlValidate, StaticConfigLoader } from "html-validate";
import { readFileSync } from "node:fs";

const loader = new StaticConfigLoader({
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    "long-title": "off", // a title says what, on which day and as known when
    "prefer-native-element": ["error", { exclude: ["region"] }],
  },
});
const judge = new HtmlValidate(loader);
const found = [];
for (const { url, html } of JSON.parse(readFileSync(0, "utf8"))) {
  const report = await judge.validateString(html, url);
  for (const result of report.results) {
    for (const m of result.messages) {
      found.push({ url, rule: m.ruleId, line: m.line, message: m.message });
    }
  }
}
process.stdout.write(JSON.stringify(found));
