// Reads the feed as JSON lines, and has the CloudEvents SDK parse and judge every event.
import { HTTP } from "cloudevents";
import { createInterface } from "node:readline";

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") continue;
  const { event } = JSON.parse(line);
  const read = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body: JSON.stringify(event) });
  if (!read.validate() || read.id !== event.id || read.sequence !== event.sequence || read.data.periods?.length === 0) {
    throw new Error(`not taken as it is: ${line}`);
  }
  count++;
}
console.log(`${count} events`);
